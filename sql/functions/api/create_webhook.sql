CREATE OR REPLACE FUNCTION affiliate_api.create_webhook(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- Arguments are called as the columns are.
  v_row affiliate_private.webhook_endpoint := jsonb_populate_record(NULL::affiliate_private.webhook_endpoint, create_webhook.p_args);
BEGIN
  RETURN affiliate_private.data_json(affiliate.add_webhook(create_webhook.p_project_id, v_row.url, v_row.events, v_row.secret,
                                                           v_row.enabled, v_row.timeout_ms, v_row.max_attempts,
                                                           v_row.retry_schedule, v_row.ordered));
END
$$;
COMMENT ON FUNCTION affiliate_api.create_webhook(bigint, jsonb) IS 'POST /api/v1/webhooks';

SELECT affiliate_private.declare_endpoint('create_webhook', $json${
  "method": "POST", "path": "/api/v1/webhooks", "status": 201, "scope": "owner", "response": "CreatedWebhook",
  "summary": "Create a webhook",
  "description": "Add an endpoint that events are posted to. The answer holds its signing secret, which is not shown again.",
  "parameters": {
    "url":          {"in": "body", "type": "string", "maxLength": 2000, "pattern": "^https?://[A-Za-z0-9.-]+(:([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?([/?#][!-Z^-~]*)?$", "accepts": "an http:// or https:// URL with a host name or IPv4 address, of at most 2000 printable characters, without a user name or password", "required": true, "description": "Where events are posted"},
    "events":       {"in": "body", "type": "array", "items": {"type": "string", "enum": ["referral_signed_up", "referral_converted", "referral_canceled", "referral_updated"]}, "minItems": 1, "description": "Events to send; all of them when omitted"},
    "secret":       {"in": "body", "type": "string", "minLength": 8, "maxLength": 200, "description": "Signing secret; generated when omitted"},
    "enabled":      {"in": "body", "type": "boolean", "default": true, "description": "Whether events are sent; a disabled webhook gets none"},
    "timeout_ms":   {"in": "body", "type": "integer", "minimum": 1000, "maximum": 10000, "default": 5000, "description": "How long an answer may take"},
    "max_attempts": {"in": "body", "type": "integer", "minimum": 1, "maximum": 20, "description": "How often an event is tried, unless retry_schedule says; 3 when omitted"},
    "retry_schedule": {"in": "body", "type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 259200}, "maxItems": 19, "nullable": true, "description": "Seconds between attempts, of which there is one more; pauses beyond three days in all are left out. Built-in pauses when omitted"},
    "ordered":      {"in": "body", "type": "boolean", "default": false, "description": "Whether events are sent one after the other, in order; each waits until the one before is delivered or given up"}
  }
}$json$);
