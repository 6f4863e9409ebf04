CREATE OR REPLACE FUNCTION affiliate_api.replay_webhook_delivery(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_endpoint affiliate_private.webhook_endpoint;
  v_row      affiliate_private.webhook_delivery;
BEGIN
  v_endpoint := affiliate_private.find_enabled_webhook(replay_webhook_delivery.p_project_id, (replay_webhook_delivery.p_args ->> 'id')::bigint);
  SELECT d.* INTO v_row FROM affiliate_private.webhook_delivery AS d
  WHERE d.project_id = v_endpoint.project_id AND d.endpoint_id = v_endpoint.endpoint_id
    AND d.delivery_id = (replay_webhook_delivery.p_args ->> 'delivery_id')::bigint
  FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Delivery not found';
  ELSIF v_row.status <> 'pending' THEN
    v_row := affiliate_private.add_delivery(v_row.project_id, v_row.endpoint_id, v_row.event_id);
  ELSIF v_row.lease_token IS NULL THEN
    -- It is on its way already; it need not wait for its next attempt.
    UPDATE affiliate_private.webhook_delivery AS d SET next_attempt_at = NULL
    WHERE d.project_id = v_row.project_id AND d.delivery_id = v_row.delivery_id
    RETURNING d.* INTO v_row;
    PERFORM affiliate_private.ring_doorbell();
  END IF;
  RETURN affiliate_private.data_json(affiliate_private.delivery_json(v_row));
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
