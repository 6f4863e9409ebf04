CREATE OR REPLACE FUNCTION affiliate_api.update_commission_level(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_args     jsonb  := jsonb_strip_nulls(update_commission_level.p_args) - 'id';
  v_level_id bigint := (update_commission_level.p_args ->> 'id')::bigint;
BEGIN
  IF v_args = '{}' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'No updatable field given: use name, position, commission_percent, commission_fixed, '
      'commission_duration, commission_months, minimum_earned, minimum_referrals or period';
  END IF;
  PERFORM affiliate.set_level(update_commission_level.p_project_id, v_args::json, v_level_id);
  RETURN affiliate_private.data_json(affiliate_private.level_json(affiliate_private.find_level(update_commission_level.p_project_id, v_level_id),
                                                                  affiliate_private.project_currency(update_commission_level.p_project_id)));
END
$$;
COMMENT ON FUNCTION affiliate_api.update_commission_level(bigint, jsonb) IS 'PUT /api/v1/commission-levels/:id';

SELECT affiliate_private.declare_endpoint('update_commission_level', $json${
  "method": "PUT", "path": "/api/v1/commission-levels/:id", "status": 200, "scope": "write", "response": "CommissionLevel",
  "summary": "Update a commission level",
  "description": "Change a level from now on; sales made before keep what was in force. Only the fields sent are changed.",
  "body": {"allOf": [
    {"anyOf": [
      {"required": ["name"]}, {"required": ["position"]}, {"required": ["commission_duration"]}, {"required": ["period"]},
      {"required": ["commission_percent"], "properties": {"commission_percent": {"type": "number"}}},
      {"required": ["commission_fixed"], "properties": {"commission_fixed": {"type": "number"}}},
      {"required": ["commission_months"], "properties": {"commission_months": {"type": "integer"}}},
      {"required": ["minimum_earned"], "properties": {"minimum_earned": {"type": "number"}}},
      {"required": ["minimum_referrals"], "properties": {"minimum_referrals": {"type": "integer"}}}]},
    {"anyOf": [{"properties": {"commission_percent": {"type": "null"}}}, {"properties": {"commission_fixed": {"type": "null"}}}]},
    {"anyOf": [{"properties": {"minimum_earned": {"type": "null"}}}, {"properties": {"minimum_referrals": {"type": "null"}}}]}
  ]},
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the level"},
    "name":     {"in": "body", "type": "string", "maxLength": 200, "pattern": "^[^ \\t-\\r\\u0000][^\\u0000]*$", "accepts": "1 to 200 characters that do not start with a space", "description": "Name shown to affiliates"},
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
