CREATE OR REPLACE FUNCTION affiliate_api.delete_webhook(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_row affiliate_private.webhook_endpoint;
BEGIN
  PERFORM affiliate_private.lock_facts(delete_webhook.p_project_id, ARRAY['webhook:' || (delete_webhook.p_args ->> 'id')]);
  v_row := affiliate_private.find_webhook(delete_webhook.p_project_id, (delete_webhook.p_args ->> 'id')::bigint);
  UPDATE affiliate_private.webhook_endpoint AS e SET deleted_at = clock_timestamp(), enabled = false
  WHERE e.project_id = v_row.project_id AND e.endpoint_id = v_row.endpoint_id
  RETURNING e.* INTO v_row;
  PERFORM affiliate_private.hold_deliveries(v_row);
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
