CREATE OR REPLACE FUNCTION affiliate_api.create_conversion(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_args     jsonb := jsonb_strip_nulls(create_conversion.p_args);
  v_sale_key text  := 'api_' || replace(gen_random_uuid()::text, '-', '');
  v_at       timestamptz := clock_timestamp();
  v_fact     jsonb;
  v_new      affiliate_private.conversion;
BEGIN
  PERFORM affiliate_private.lock_inputs(create_conversion.p_project_id, false);
  v_fact := affiliate_private.map_api_conversion(create_conversion.p_project_id, v_sale_key, v_args);
  IF v_args ? 'reference' THEN
    PERFORM affiliate_private.claim_reference(create_conversion.p_project_id, v_args ->> 'reference', NULL);
  END IF;
  PERFORM affiliate_private.apply_fact(create_conversion.p_project_id, 'api', v_sale_key, v_at, v_fact);
  v_new := affiliate_private.api_sale_conversion(create_conversion.p_project_id, v_sale_key);
  IF (v_args ->> 'paid')::boolean THEN
    PERFORM affiliate_private.settle_sale(v_new.project_id, v_new.sale_id, true);
    v_new := affiliate_private.api_sale_conversion(create_conversion.p_project_id, v_sale_key);
  ELSIF v_new.affiliate_id IS NOT NULL AND v_new.type = 'purchase' THEN
    PERFORM affiliate_private.emit_conversion_webhook(v_new, 'referral_updated');
  END IF;
  RETURN affiliate_private.data_json(affiliate_private.conversion_json(v_new, affiliate_private.project_currency(v_new.project_id)));
END
$$;
COMMENT ON FUNCTION affiliate_api.create_conversion(bigint, jsonb) IS 'POST /api/v1/conversions';

SELECT affiliate_private.declare_endpoint('create_conversion', $json${
  "method": "POST", "path": "/api/v1/conversions", "status": 201, "scope": "write", "tool": "create_conversion", "response": "Conversion",
  "summary": "Create a conversion",
  "description": "Create a conversion. Commission auto-calculated from project settings if value omitted. Can identify affiliate by ID or referral code; without either the customer's earlier attribution counts.",
  "body": {"allOf": [{"$ref": "#/components/schemas/BaseValue"}], "anyOf": [
    {"required": ["type"], "properties": {"type": {"const": "signup"}}},
    {"required": ["type", "value"], "properties": {"value": {"type": "number"}}},
    {"required": ["base_value"], "properties": {"base_value": {"type": "number"}}},
    {"required": ["amount"], "properties": {"amount": {"type": "number"}}}
  ]},
  "parameters": {
    "type":         {"in": "body", "type": "string", "enum": ["signup", "purchase"], "description": "Conversion type; purchase when omitted and a base_value is given"},
    "affiliate_id": {"in": "body", "type": "integer", "minimum": 1, "nullable": true, "description": "ID of the affiliate to credit"},
    "referral_code": {"in": "body", "type": "string", "minLength": 1, "maxLength": 200, "nullable": true, "description": "Referral code of the affiliate to credit, when affiliate_id is not given"},
    "referred_user_id": {"in": "body", "type": "integer", "minimum": 1, "nullable": true, "description": "ID of the referred user"},
    "email":        {"in": "body", "type": "string", "format": "email", "nullable": true, "alias": "customer_email", "description": "Email address of the customer"},
    "value":        {"in": "body", "type": "number", "minimum": 0, "maximum": 90000000000, "multipleOf": 0.01, "nullable": true, "description": "Commission in the project's currency; calculated when omitted"},
    "base_value":   {"in": "body", "type": "number", "minimum": 0, "maximum": 90000000000, "multipleOf": 0.01, "nullable": true, "alias": "amount", "description": "Transaction value; required for a purchase without value"},
    "base_value_currency": {"in": "body", "type": "string", "pattern": "^[A-Za-z]{3}$", "accepts": "the three letters of a currency, such as USD", "schema": "Currency", "nullable": true, "description": "ISO 4217 code of base_value; the project's currency when omitted. Another one needs an exchange rate as soon as an affiliate is credited (else 400)"},
    "paid":         {"in": "body", "type": "boolean", "nullable": true, "description": "Whether the commission is paid out already (default false)"},
    "reference":    {"in": "body", "type": "string", "minLength": 1, "maxLength": 255, "nullable": true, "description": "Your reference, such as an order ID; unique per project"},
    "coupon_code_used": {"in": "body", "type": "string", "minLength": 1, "maxLength": 200, "nullable": true, "description": "Coupon code used; credits the coupon's affiliate when no affiliate is given"}
  }
}$json$);
