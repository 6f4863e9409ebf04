CREATE OR REPLACE FUNCTION affiliate_api.create_api_key(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT affiliate_private.data_json(affiliate.create_api_key(create_api_key.p_project_id, create_api_key.p_args ->> 'name', create_api_key.p_args ->> 'scope',
                                                              (create_api_key.p_args ->> 'rate_limit_per_minute')::integer))
$$;
COMMENT ON FUNCTION affiliate_api.create_api_key(bigint, jsonb) IS 'POST /api/v1/api-keys';

SELECT affiliate_private.declare_endpoint('create_api_key', $json${
  "method": "POST", "path": "/api/v1/api-keys", "status": 201, "scope": "write", "response": "CreatedApiKey",
  "summary": "Create an API key",
  "description": "Create another key for this project. The answer holds the key itself, which is not shown again.",
  "parameters": {
    "name":  {"in": "body", "type": "string", "minLength": 1, "maxLength": 200, "nullable": true, "description": "What the key is for"},
    "scope": {"in": "body", "type": "string", "enum": ["read", "write"], "default": "write", "description": "read: GET only; write: everything"},
    "rate_limit_per_minute": {"in": "body", "type": "integer", "minimum": 1, "maximum": 1000000, "default": 100, "description": "Requests a minute"}
  }
}$json$);
