CREATE OR REPLACE FUNCTION affiliate_api.get_webhook_delivery(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT affiliate_private.data_json(affiliate.show_webhook_delivery(
    get_webhook_delivery.p_project_id, (get_webhook_delivery.p_args ->> 'id')::bigint, (get_webhook_delivery.p_args ->> 'delivery_id')::bigint))
$$;
COMMENT ON FUNCTION affiliate_api.get_webhook_delivery(bigint, jsonb) IS 'GET /api/v1/webhooks/:id/deliveries/:delivery_id';

SELECT affiliate_private.declare_endpoint('get_webhook_delivery', $json${
  "method": "GET", "path": "/api/v1/webhooks/:id/deliveries/:delivery_id", "status": 200, "scope": "read", "response": "WebhookDelivery",
  "summary": "Retrieve a delivery",
  "description": "Get a delivery with what was posted, every attempt and the answer it got.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the webhook"},
    "delivery_id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the delivery"}
  }
}$json$);
