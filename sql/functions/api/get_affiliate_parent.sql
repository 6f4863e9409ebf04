CREATE OR REPLACE FUNCTION affiliate_api.get_affiliate_parent(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT affiliate_private.data_json(affiliate_private.affiliate_parent_json(
    affiliate_private.find_affiliate(get_affiliate_parent.p_project_id, get_affiliate_parent.p_args ->> 'email')))
$$;
COMMENT ON FUNCTION affiliate_api.get_affiliate_parent(bigint, jsonb) IS 'GET /api/v1/affiliates/:email/parent';

SELECT affiliate_private.declare_endpoint('get_affiliate_parent', $json${
  "method": "GET", "path": "/api/v1/affiliates/:email/parent", "status": 200, "scope": "read", "response": "AffiliateParent",
  "summary": "Retrieve an affiliate's parent",
  "description": "Get the affiliate that earns the second tier on this one's sales, if any.",
  "parameters": {
    "email": {"in": "path", "type": "string", "format": "email", "required": true, "description": "Email address of the affiliate"}
  }
}$json$);
