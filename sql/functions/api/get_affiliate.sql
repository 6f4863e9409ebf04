CREATE OR REPLACE FUNCTION affiliate_api.get_affiliate(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT affiliate_private.data_json(affiliate_private.affiliate_stats_json(
    affiliate_private.find_affiliate(get_affiliate.p_project_id, get_affiliate.p_args ->> 'email'),
    affiliate_private.project_currency(get_affiliate.p_project_id)))
$$;
COMMENT ON FUNCTION affiliate_api.get_affiliate(bigint, jsonb) IS 'GET /api/v1/affiliates/:email';

SELECT affiliate_private.declare_endpoint('get_affiliate', $json${
  "method": "GET", "path": "/api/v1/affiliates/:email", "status": 200, "scope": "read", "tool": "get_affiliate_details", "response": "AffiliateStats",
  "summary": "Retrieve an affiliate",
  "description": "Get detailed info about a specific affiliate by email.",
  "parameters": {
    "email": {"in": "path", "type": "string", "format": "email", "required": true, "description": "Email address of the affiliate"}
  }
}$json$);
