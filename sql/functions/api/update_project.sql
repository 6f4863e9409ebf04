CREATE OR REPLACE FUNCTION affiliate_api.update_project(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_settings jsonb := jsonb_strip_nulls(update_project.p_args);
BEGIN
  IF v_settings = '{}' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = 'No updatable field given (null leaves a setting as it is): use ' || affiliate_private.setting_names();
  END IF;
  RETURN affiliate_private.data_json(affiliate.set_project(update_project.p_project_id, v_settings::json));
END
$$;
COMMENT ON FUNCTION affiliate_api.update_project(bigint, jsonb) IS 'PUT /api/v1/project';

SELECT affiliate_private.declare_endpoint('update_project', $json${
  "method": "PUT", "path": "/api/v1/project", "status": 200, "scope": "write", "response": "Project",
  "summary": "Update the project",
  "description": "Change settings from now on; sales made before keep what was in force. Only the fields sent are changed.",
  "body": {
    "anyOf": [{"properties": {"commission_percent": {"type": "null"}}}, {"properties": {"commission_fixed": {"type": "null"}}}],
    "allOf": [{"anyOf": [{"properties": {"tier_percent": {"type": "null"}}}, {"properties": {"tier_fixed": {"type": "null"}}}]}, {"anyOf": [
      {"required": ["tier_months"]}, {"required": ["tier_percent"], "properties": {"tier_percent": {"type": "number"}}},
      {"required": ["tier_fixed"], "properties": {"tier_fixed": {"type": "number"}}},
      {"required": ["name"]}, {"required": ["currency"]}, {"required": ["hold_days"]}, {"required": ["touch_model"]}, {"required": ["allow_self_referral"]},
      {"required": ["commission_duration"]}, {"required": ["recurring_commission"]}, {"required": ["upgrade_commission"]},
      {"required": ["commission_base"]}, {"required": ["on_cancel"]}, {"required": ["payout_minimum"]}, {"required": ["payout_approval"]},
      {"required": ["commission_months"], "properties": {"commission_months": {"type": "integer"}}},
      {"required": ["commission_percent"], "properties": {"commission_percent": {"type": "number"}}},
      {"required": ["commission_fixed"], "properties": {"commission_fixed": {"type": "number"}}}
    ]}, {"anyOf": [
      {"properties": {"currency": {"not": {"$ref": "#/components/schemas/WholeCurrency"}}}},
      {"properties": {"commission_fixed": {"type": ["integer", "null"]}, "tier_fixed": {"type": ["integer", "null"]}, "payout_minimum": {"type": "integer"}}}
    ]}]
  },
  "parameters": {
    "name":                {"in": "body", "type": "string", "maxLength": 200, "pattern": "^[^ \\t-\\r\\u0000][^\\u0000]*$", "accepts": "1 to 200 characters that do not start with a space", "description": "Name of the program"},
    "currency":            {"in": "body", "type": "string", "pattern": "^[A-Za-z]{3}$", "accepts": "the three letters of a currency, such as USD", "schema": "Currency", "description": "ISO 4217 code of the balances; cannot change once there are amounts in it: conversions, fixed commissions, goals, exchange rates"},
    "hold_days":           {"in": "body", "type": "integer", "minimum": 0, "maximum": 365, "description": "Days until a commission can be paid out"},
    "commission_percent": {"in": "body", "type": "number", "minimum": 0, "maximum": 100, "multipleOf": 0.0001, "nullable": true, "description": "Default commission: percentage of each sale"},
    "commission_fixed":   {"in": "body", "type": "number", "minimum": 0, "maximum": 9000000000, "multipleOf": 0.01, "nullable": true, "description": "Default commission: fixed amount per sale in the project's currency, instead of a percentage"},
    "commission_duration": {"in": "body", "type": "string", "enum": ["lifetime", "first_purchase", "limited"], "description": "Which purchases of a customer earn: all, the first with money, or those within commission_months of it"},
    "commission_months":   {"in": "body", "type": "integer", "minimum": 1, "maximum": 1200, "nullable": true, "description": "Months of a limited commission duration (12 when omitted); given alone it makes the duration limited"},
    "recurring_commission": {"in": "body", "type": "boolean", "description": "Whether renewals of subscriptions earn"},
    "upgrade_commission":  {"in": "body", "type": "boolean", "description": "Whether payments for upgrades of subscriptions earn"},
    "commission_base":     {"in": "body", "type": "string", "enum": ["net", "gross"], "description": "What a percentage is taken of: without tax, shipping and discount, or what the customer paid"},
    "on_cancel":           {"in": "body", "type": "string", "enum": ["keep", "reverse_held"], "description": "What the end of a subscription does to commission that is still held"},
    "touch_model":         {"in": "body", "type": "string", "enum": ["last", "first"], "description": "Which of several attributions of one email counts"},
    "allow_self_referral": {"in": "body", "type": "boolean", "description": "Whether affiliates earn on their own purchases"},
    "tier_percent":        {"in": "body", "type": "number", "minimum": 0, "maximum": 100, "multipleOf": 0.0001, "nullable": true, "description": "What the parent of an affiliate earns on top: percentage of each sale (0 for nothing)"},
    "tier_fixed":          {"in": "body", "type": "number", "minimum": 0, "maximum": 9000000000, "multipleOf": 0.01, "nullable": true, "description": "The same as a fixed amount per sale in the project's currency, instead of a percentage"},
    "tier_months":         {"in": "body", "type": "integer", "minimum": 0, "maximum": 1200, "description": "For how many months after an affiliate got its parent; 0 for no limit"},
    "payout_minimum":      {"in": "body", "type": "number", "minimum": 0, "maximum": 9000000000, "multipleOf": 0.01, "description": "Least amount paid out at once, in the project's currency"},
    "payout_approval":     {"in": "body", "type": "string", "enum": ["manual", "automatic"], "description": "Whether you approve each payout request, or each counts as approved"}
  }
}$json$);
