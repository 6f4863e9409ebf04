CREATE OR REPLACE FUNCTION affiliate_api.list_providers(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT affiliate_private.page_json(
    (SELECT json_agg(affiliate_private.provider_json(c) ORDER BY c.provider)
     FROM (SELECT c.* FROM affiliate_private.connected_providers(list_providers.p_project_id) AS c
           ORDER BY c.provider
           LIMIT (list_providers.p_args ->> 'limit')::bigint OFFSET (list_providers.p_args ->> 'offset')::bigint) AS c),
    (list_providers.p_args ->> 'limit')::bigint, (list_providers.p_args ->> 'offset')::bigint,
    (SELECT count(*) FROM affiliate_private.connected_providers(list_providers.p_project_id)))
$$;
COMMENT ON FUNCTION affiliate_api.list_providers(bigint, jsonb) IS 'GET /api/v1/providers';

SELECT affiliate_private.declare_endpoint('list_providers', $json${
  "method": "GET", "path": "/api/v1/providers", "status": 200, "scope": "read", "response": "Provider[]",
  "summary": "List payment providers",
  "description": "List the payment providers that are connected. Of their secrets only the last four characters are shown.",
  "parameters": {
    "limit":  {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 50, "description": "Number of providers to return"},
    "offset": {"in": "query", "type": "integer", "minimum": 0, "default": 0, "description": "Number of providers to skip"}
  }
}$json$);
