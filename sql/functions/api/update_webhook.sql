CREATE OR REPLACE FUNCTION affiliate_api.update_webhook(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_old affiliate_private.webhook_endpoint;
  v_new affiliate_private.webhook_endpoint;
BEGIN
  IF NOT update_webhook.p_args ?| ARRAY['url', 'events', 'secret', 'enabled', 'timeout_ms', 'max_attempts'] THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'No updatable field given: use url, events, secret, enabled, timeout_ms or max_attempts';
  END IF;
  PERFORM affiliate_private.lock_facts(update_webhook.p_project_id, ARRAY['webhook:' || (update_webhook.p_args ->> 'id')]);
  v_old := affiliate_private.find_webhook(update_webhook.p_project_id, (update_webhook.p_args ->> 'id')::bigint);
  v_new := affiliate_private.check_webhook(jsonb_populate_record(v_old, update_webhook.p_args));
  UPDATE affiliate_private.webhook_endpoint AS e
  SET url = v_new.url, events = v_new.events, secret = v_new.secret, enabled = v_new.enabled, timeout_ms = v_new.timeout_ms, max_attempts = v_new.max_attempts
  WHERE e.project_id = v_old.project_id AND e.endpoint_id = v_old.endpoint_id;
  IF v_new.enabled <> v_old.enabled THEN
    PERFORM affiliate_private.hold_deliveries(v_new);
  END IF;
  RETURN affiliate_private.data_json(affiliate_private.webhook_json(v_new));
END
$$;
COMMENT ON FUNCTION affiliate_api.update_webhook(bigint, jsonb) IS 'PUT /api/v1/webhooks/:id';

SELECT affiliate_private.declare_endpoint('update_webhook', $json${
  "method": "PUT", "path": "/api/v1/webhooks/:id", "status": 200, "scope": "owner", "response": "Webhook",
  "summary": "Update a webhook",
  "description": "Change an endpoint. Only the fields sent are changed; what waits to be sent goes by the new ones.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the webhook"},
    "url":          {"in": "body", "type": "string", "maxLength": 2000, "pattern": "^https?://[A-Za-z0-9.-]+(:([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?([/?#][!-Z^-~]*)?$", "description": "Where events are posted"},
    "events":       {"in": "body", "type": "array", "items": {"type": "string", "enum": ["referral_signed_up", "referral_converted", "referral_canceled", "referral_updated"]}, "minItems": 1, "description": "Events to send"},
    "secret":       {"in": "body", "type": "string", "minLength": 8, "maxLength": 200, "description": "Signing secret, from the next attempt on"},
    "enabled":      {"in": "body", "type": "boolean", "description": "Whether events are sent; while disabled none are written, and those that wait are held"},
    "timeout_ms":   {"in": "body", "type": "integer", "minimum": 1000, "maximum": 10000, "description": "How long an answer may take"},
    "max_attempts": {"in": "body", "type": "integer", "minimum": 1, "maximum": 20, "description": "How often an event is tried"}
  }
}$json$);
