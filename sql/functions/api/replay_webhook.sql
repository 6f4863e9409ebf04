CREATE OR REPLACE FUNCTION affiliate_api.replay_webhook(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_args jsonb := replay_webhook.p_args;
BEGIN
  RETURN affiliate_private.data_json(affiliate.replay_webhooks(
    replay_webhook.p_project_id, (v_args ->> 'id')::bigint, v_args ->> 'status',
    affiliate_private.check_time('since', v_args ->> 'since'), affiliate_private.check_time('until', v_args ->> 'until'), (v_args ->> 'after')::bigint));
END
$$;
COMMENT ON FUNCTION affiliate_api.replay_webhook(bigint, jsonb) IS 'POST /api/v1/webhooks/:id/replay';

SELECT affiliate_private.declare_endpoint('replay_webhook', $json${
  "method": "POST", "path": "/api/v1/webhooks/:id/replay", "status": 202, "scope": "write", "response": "WebhookReplay",
  "summary": "Replay many deliveries",
  "description": "Send an endpoint again, with the same IDs and bodies and in their order, what it never took, what it missed while it was disabled, or everything of a range of time. The oldest 10,000 at most: while has_more is true, ask again with next_after as after.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the webhook"},
    "status": {"in": "body", "type": "string", "enum": ["dead", "missed", "all"], "default": "dead", "description": "What never succeeded (dead), what was never tried (missed), or everything (all)"},
    "since": {"in": "body", "type": "string", "format": "date-time", "description": "Only events written at or after this ISO date or time; the webhook's creation when omitted"},
    "until": {"in": "body", "type": "string", "format": "date-time", "description": "Only events written before this ISO date or time"},
    "after": {"in": "body", "type": "integer", "minimum": 0, "description": "Only events after this one: next_after of the answer before"}
  }
}$json$);
