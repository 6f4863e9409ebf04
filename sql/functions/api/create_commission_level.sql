CREATE OR REPLACE FUNCTION affiliate_api.create_commission_level(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_level_id bigint := affiliate.set_level(create_commission_level.p_project_id, create_commission_level.p_args::json);
BEGIN
  RETURN affiliate_private.data_json(affiliate_private.level_json(affiliate_private.find_level(create_commission_level.p_project_id, v_level_id),
                                                                  affiliate_private.project_currency(create_commission_level.p_project_id)));
END
$$;
COMMENT ON FUNCTION affiliate_api.create_commission_level(bigint, jsonb) IS 'POST /api/v1/commission-levels';

SELECT affiliate_private.declare_endpoint('create_commission_level', $json${
  "method": "POST", "path": "/api/v1/commission-levels", "status": 201, "scope": "write", "response": "CommissionLevel",
  "summary": "Create a commission level",
  "description": "Affiliates who reach it earn its commission, instead of the project's default, on sales from then on. Without a goal it is only given by hand.",
  "body": {"allOf": [
    {"anyOf": [
      {"required": ["commission_percent"], "properties": {"commission_percent": {"type": "number"}, "commission_fixed": {"type": "null"}}},
      {"required": ["commission_fixed"], "properties": {"commission_fixed": {"type": "number"}, "commission_percent": {"type": "null"}}}]},
    {"anyOf": [{"properties": {"minimum_earned": {"type": "null"}}}, {"properties": {"minimum_referrals": {"type": "null"}}}]},
    {"anyOf": [{"not": {"required": ["period"]}}, {"required": ["minimum_earned"], "properties": {"minimum_earned": {"type": "number"}}},
               {"required": ["minimum_referrals"], "properties": {"minimum_referrals": {"type": "integer"}}}]}
  ]},
  "parameters": {
    "name":     {"in": "body", "type": "string", "required": true, "maxLength": 200, "pattern": "^[^ \\t-\\r\\u0000][^\\u0000]*$", "accepts": "1 to 200 characters that do not start with a space", "description": "Name shown to affiliates"},
    "position": {"in": "body", "type": "integer", "minimum": 1, "maximum": 1000, "description": "Place in the order, the lowest first; the last when omitted"},
    "commission_percent":  {"in": "body", "type": "number", "minimum": 0, "maximum": 100, "multipleOf": 0.0001, "nullable": true, "description": "Commission: percentage of each sale"},
    "commission_fixed":    {"in": "body", "type": "number", "minimum": 0, "maximum": 9000000000, "multipleOf": 0.01, "nullable": true, "description": "Commission: fixed amount per sale in the project's currency, instead of a percentage"},
    "commission_duration": {"in": "body", "type": "string", "enum": ["lifetime", "first_purchase", "limited"], "description": "Which purchases of a customer earn"},
    "commission_months":   {"in": "body", "type": "integer", "minimum": 1, "maximum": 1200, "nullable": true, "description": "Months of a limited duration"},
    "minimum_earned":      {"in": "body", "type": "number", "minimum": 0, "maximum": 9000000000, "multipleOf": 0.01, "nullable": true, "description": "Reached by earning this much within the period, in the project's currency"},
    "minimum_referrals":   {"in": "body", "type": "integer", "minimum": 0, "maximum": 1000000000, "nullable": true, "description": "Reached by this many referred users who became customers within the period, instead of an amount"},
    "period":              {"in": "body", "type": "string", "enum": ["total", "month", "quarter", "year"], "description": "What counts towards the goal: everything (default), or the current calendar month, quarter or year (UTC)"}
  }
}$json$);
