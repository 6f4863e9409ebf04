CREATE OR REPLACE FUNCTION affiliate_api.replay_webhook_delivery(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate.replay_webhook(replay_webhook_delivery.p_project_id, (replay_webhook_delivery.p_args ->> 'id')::bigint,
                                                              (replay_webhook_delivery.p_args ->> 'delivery_id')::bigint));
END
$$;
COMMENT ON FUNCTION affiliate_api.replay_webhook_delivery(bigint, jsonb) IS 'POST /api/v1/webhooks/:id/deliveries/:delivery_id/replay';

SELECT affiliate_private.declare_endpoint('replay_webhook_delivery', $json${
  "method": "POST", "path": "/api/v1/webhooks/:id/deliveries/:delivery_id/replay", "status": 202, "scope": "write", "response": "WebhookDelivery",
  "summary": "Replay a delivery",
  "description": "Send an event to its endpoint again, with the same ID and body, as a new delivery; one that still waits is sent at once instead.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the webhook"},
    "delivery_id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the delivery"}
  }
}$json$);
