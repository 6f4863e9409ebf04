CREATE OR REPLACE FUNCTION affiliate.add_webhook(p_project_id bigint, p_url text, p_events text[] DEFAULT NULL, p_secret text DEFAULT NULL,
                                                 p_enabled boolean DEFAULT true, p_timeout_ms integer DEFAULT 5000, p_max_attempts integer DEFAULT 3) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.webhook_endpoint;
BEGIN
  v_row.project_id   := (affiliate_private.check_project(add_webhook.p_project_id)).project_id;
  v_row.url          := add_webhook.p_url;
  v_row.events       := coalesce(add_webhook.p_events, affiliate_private.webhook_event_types());
  v_row.secret       := coalesce(add_webhook.p_secret, 'whsec_' || encode(affiliate_private.random_bytes(24), 'base64'));
  v_row.enabled      := add_webhook.p_enabled;
  v_row.timeout_ms   := add_webhook.p_timeout_ms;
  v_row.max_attempts := add_webhook.p_max_attempts;
  v_row := affiliate_private.check_webhook(v_row);
  INSERT INTO affiliate_private.webhook_endpoint AS e (project_id, url, events, secret, enabled, timeout_ms, max_attempts)
  VALUES (v_row.project_id, v_row.url, v_row.events, v_row.secret, v_row.enabled, v_row.timeout_ms, v_row.max_attempts)
  RETURNING e.* INTO v_row;
  RETURN affiliate_private.webhook_json(v_row, v_row.secret);
END
$$;
COMMENT ON FUNCTION affiliate.add_webhook(bigint, text, text[], text, boolean, integer, integer) IS 'Adds an endpoint for outbound webhooks (all events unless given) and returns it with its signing secret, generated unless given. RF400 wrong values, RF404 unknown project.';
