CREATE OR REPLACE FUNCTION affiliate_api.delete_webhook(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM affiliate.remove_webhook(delete_webhook.p_project_id, (delete_webhook.p_args ->> 'id')::bigint);
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affiliate_api.delete_webhook(bigint, jsonb) IS 'DELETE /api/v1/webhooks/:id';

SELECT affiliate_private.declare_endpoint('delete_webhook', $json${
  "method": "DELETE", "path": "/api/v1/webhooks/:id", "status": 204, "scope": "owner",
  "summary": "Delete a webhook",
  "description": "Remove an endpoint. Nothing more is sent to it, not even what waits.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the webhook"}
  }
}$json$);
