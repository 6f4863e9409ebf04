CREATE OR REPLACE FUNCTION affiliate_api.set_affiliate_commission(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_args      jsonb := set_affiliate_commission.p_args;
  v_affiliate affiliate_private.affiliate;
BEGIN
  PERFORM affiliate_private.check_commission_given(v_args);
  PERFORM affiliate_private.lock_inputs(set_affiliate_commission.p_project_id, true);
  v_affiliate := affiliate_private.find_affiliate(set_affiliate_commission.p_project_id, v_args ->> 'email');
  PERFORM affiliate.set_affiliate_commission(v_affiliate.project_id, v_affiliate.affiliate_id, v_args ->> 'commission_percent', v_args ->> 'commission_fixed');
  RETURN affiliate_private.data_json(affiliate_private.affiliate_commission_json(v_affiliate, affiliate_private.find_affiliate_rule(v_affiliate)));
END
$$;
COMMENT ON FUNCTION affiliate_api.set_affiliate_commission(bigint, jsonb) IS 'PUT /api/v1/affiliates/:email/commission';

SELECT affiliate_private.declare_endpoint('set_affiliate_commission', $json${
  "method": "PUT", "path": "/api/v1/affiliates/:email/commission", "status": 200, "scope": "write", "response": "AffiliateCommission",
  "summary": "Set an affiliate's own commission",
  "description": "This affiliate earns this commission on sales from now on, whatever the product. Give either commission_percent or commission_fixed.",
  "body": {"anyOf": [
    {"required": ["commission_percent"], "properties": {"commission_percent": {"type": "number"}, "commission_fixed": {"type": "null"}}},
    {"required": ["commission_fixed"], "properties": {"commission_fixed": {"type": "number"}, "commission_percent": {"type": "null"}}}
  ]},
  "parameters": {
    "email": {"in": "path", "type": "string", "format": "email", "required": true, "description": "Email address of the affiliate"},
    "commission_percent": {"in": "body", "type": "number", "minimum": 0, "maximum": 100, "multipleOf": 0.0001, "nullable": true, "description": "Commission: percentage of each sale"},
    "commission_fixed":   {"in": "body", "type": "number", "minimum": 0, "maximum": 9000000000, "multipleOf": 0.01, "nullable": true, "description": "Commission: fixed amount per sale in the project's currency, instead of a percentage"}
  }
}$json$);
