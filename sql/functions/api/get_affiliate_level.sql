CREATE OR REPLACE FUNCTION affiliate_api.get_affiliate_level(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT affiliate_private.data_json(affiliate_private.affiliate_level_json(
    affiliate_private.find_affiliate(get_affiliate_level.p_project_id, get_affiliate_level.p_args ->> 'email')))
$$;
COMMENT ON FUNCTION affiliate_api.get_affiliate_level(bigint, jsonb) IS 'GET /api/v1/affiliates/:email/level';

SELECT affiliate_private.declare_endpoint('get_affiliate_level', $json${
  "method": "GET", "path": "/api/v1/affiliates/:email/level", "status": 200, "scope": "read", "response": "AffiliateLevel",
  "summary": "Retrieve an affiliate's level",
  "description": "Get the commission level an affiliate has, if any.",
  "parameters": {
    "email": {"in": "path", "type": "string", "format": "email", "required": true, "description": "Email address of the affiliate"}
  }
}$json$);
