CREATE OR REPLACE FUNCTION affiliate_api.delete_api_key(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM affiliate.revoke_api_key(delete_api_key.p_project_id, (delete_api_key.p_args ->> 'id')::bigint);
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affiliate_api.delete_api_key(bigint, jsonb) IS 'DELETE /api/v1/api-keys/:id';

SELECT affiliate_private.declare_endpoint('delete_api_key', $json${
  "method": "DELETE", "path": "/api/v1/api-keys/:id", "status": 204, "scope": "owner",
  "summary": "Revoke an API key",
  "description": "Revoke a key, on every gateway at once. A key may revoke itself.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the key"}
  }
}$json$);
