CREATE OR REPLACE FUNCTION affiliate_api.delete_provider(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM affiliate_private.lock_facts(delete_provider.p_project_id, ARRAY['provider:' || (delete_provider.p_args ->> 'provider')]);
  PERFORM affiliate_private.disconnect_provider(affiliate_private.find_provider(delete_provider.p_project_id, delete_provider.p_args ->> 'provider'));
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affiliate_api.delete_provider(bigint, jsonb) IS 'DELETE /api/v1/providers/:provider';

SELECT affiliate_private.declare_endpoint('delete_provider', $json${
  "method": "DELETE", "path": "/api/v1/providers/:provider", "status": 204, "scope": "owner",
  "summary": "Disconnect a payment provider",
  "description": "Forget its credentials and take no more of its webhooks. What it has told so far stays.",
  "parameters": {
    "provider":       {"in": "path", "type": "string", "enum": ["stripe", "lemonsqueezy", "paddle", "polar"], "required": true, "description": "Payment provider"}
  }
}$json$);
