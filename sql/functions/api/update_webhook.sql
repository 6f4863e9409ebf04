CREATE OR REPLACE FUNCTION affiliate_api.update_webhook(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT update_webhook.p_args ?| ARRAY['url', 'events', 'secret', 'enabled', 'ordered', 'timeout_ms', 'max_attempts', 'retry_schedule'] THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = 'No updatable field given: use url, events, secret, enabled, ordered, timeout_ms, max_attempts or retry_schedule';
  END IF;
  RETURN affiliate_private.data_json(affiliate.set_webhook(update_webhook.p_project_id, (update_webhook.p_args ->> 'id')::bigint, update_webhook.p_args::json));
END
$$;
COMMENT ON FUNCTION affiliate_api.update_webhook(bigint, jsonb) IS 'PUT /api/v1/webhooks/:id';

SELECT affiliate_private.declare_endpoint('update_webhook', $json${
  "method": "PUT", "path": "/api/v1/webhooks/:id", "status": 200, "scope": "owner", "response": "Webhook",
  "summary": "Update a webhook",
  "description": "Change an endpoint. Only the fields sent are changed; what waits to be sent goes by the new ones.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the webhook"},
    "url":          {"in": "body", "type": "string", "maxLength": 2000, "pattern": "^https?://[A-Za-z0-9.-]+(:([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?([/?#][!-Z^-~]*)?$", "accepts": "an http:// or https:// URL with a host name or IPv4 address, of at most 2000 printable characters, without a user name or password", "description": "Where events are posted"},
    "events":       {"in": "body", "type": "array", "items": {"type": "string", "enum": ["referral_signed_up", "referral_converted", "referral_canceled", "referral_updated"]}, "minItems": 1, "description": "Events to send"},
    "secret":       {"in": "body", "type": "string", "minLength": 8, "maxLength": 200, "description": "Signing secret, from the next attempt on, without the overlap of a rotation"},
    "enabled":      {"in": "body", "type": "boolean", "description": "Whether events are sent; while disabled those that wait are held. True also clears why it was disabled on its own"},
    "timeout_ms":   {"in": "body", "type": "integer", "minimum": 1000, "maximum": 10000, "description": "How long an answer may take"},
    "max_attempts": {"in": "body", "type": "integer", "minimum": 1, "maximum": 20, "description": "How often an event is tried; alone, it brings the built-in pauses back"},
    "retry_schedule": {"in": "body", "type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 259200}, "maxItems": 19, "nullable": true, "description": "Seconds between attempts, of which there is one more; pauses beyond three days in all are left out. null for the built-in pauses"},
    "ordered":      {"in": "body", "type": "boolean", "description": "Whether events are sent one after the other, in order; each waits until the one before is delivered or given up"}
  }
}$json$);
