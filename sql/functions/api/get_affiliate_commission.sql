CREATE OR REPLACE FUNCTION affiliate_api.get_affiliate_commission(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT affiliate_private.data_json(affiliate_private.affiliate_commission_json(a, affiliate_private.find_affiliate_rule(a)))
  FROM affiliate_private.find_affiliate(get_affiliate_commission.p_project_id, get_affiliate_commission.p_args ->> 'email') AS a
$$;
COMMENT ON FUNCTION affiliate_api.get_affiliate_commission(bigint, jsonb) IS 'GET /api/v1/affiliates/:email/commission';

SELECT affiliate_private.declare_endpoint('get_affiliate_commission', $json${
  "method": "GET", "path": "/api/v1/affiliates/:email/commission", "status": 200, "scope": "read", "response": "AffiliateCommission",
  "summary": "Retrieve an affiliate's own commission",
  "description": "Get the commission that overrides product and project for this affiliate; 404 where there is none.",
  "parameters": {
    "email": {"in": "path", "type": "string", "format": "email", "required": true, "description": "Email address of the affiliate"}
  }
}$json$);
