CREATE OR REPLACE FUNCTION affiliate_api.test_webhook(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate.test_webhook(test_webhook.p_project_id, (test_webhook.p_args ->> 'id')::bigint, test_webhook.p_args ->> 'event'));
END
$$;
COMMENT ON FUNCTION affiliate_api.test_webhook(bigint, jsonb) IS 'POST /api/v1/webhooks/:id/test';

SELECT affiliate_private.declare_endpoint('test_webhook', $json${
  "method": "POST", "path": "/api/v1/webhooks/:id/test", "status": 202, "scope": "write", "response": "WebhookDelivery",
  "summary": "Send a test event",
  "description": "Post a made-up event, marked \"test\": true, to one endpoint by the way real ones go; its deliveries tell what became of it.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the webhook"},
    "event": {"in": "body", "type": "string", "enum": ["referral_signed_up", "referral_converted", "referral_canceled", "referral_updated"], "default": "referral_converted", "description": "Which event to make up"}
  }
}$json$);
