CREATE OR REPLACE FUNCTION affiliate_api.list_api_keys(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_limit  bigint := (list_api_keys.p_args ->> 'limit')::bigint;
  v_offset bigint := (list_api_keys.p_args ->> 'offset')::bigint;
  v_keys   json   := affiliate.list_api_keys(list_api_keys.p_project_id);
BEGIN
  RETURN affiliate_private.page_json(
    (SELECT json_agg(k.key ORDER BY k.n) FROM json_array_elements(v_keys) WITH ORDINALITY AS k (key, n) WHERE k.n > v_offset AND k.n <= v_offset + v_limit),
    v_limit, v_offset, json_array_length(v_keys));
END
$$;
COMMENT ON FUNCTION affiliate_api.list_api_keys(bigint, jsonb) IS 'GET /api/v1/api-keys';

SELECT affiliate_private.declare_endpoint('list_api_keys', $json${
  "method": "GET", "path": "/api/v1/api-keys", "status": 200, "scope": "read", "response": "ApiKey[]",
  "summary": "List API keys",
  "description": "List the keys of the project, revoked ones too. The keys themselves are never shown.",
  "parameters": {
    "limit":  {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 50, "description": "Number of keys to return"},
    "offset": {"in": "query", "type": "integer", "minimum": 0, "default": 0, "description": "Number of keys to skip"}
  }
}$json$);
