CREATE OR REPLACE FUNCTION affiliate_api.get_webhook(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT affiliate_private.data_json(affiliate_private.webhook_json(
    affiliate_private.find_webhook(get_webhook.p_project_id, (get_webhook.p_args ->> 'id')::bigint)))
$$;
COMMENT ON FUNCTION affiliate_api.get_webhook(bigint, jsonb) IS 'GET /api/v1/webhooks/:id';

SELECT affiliate_private.declare_endpoint('get_webhook', $json${
  "method": "GET", "path": "/api/v1/webhooks/:id", "status": 200, "scope": "read", "response": "Webhook",
  "summary": "Retrieve a webhook",
  "description": "Get an endpoint by its ID. Its secret is never shown.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the webhook"}
  }
}$json$);
