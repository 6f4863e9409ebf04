CREATE OR REPLACE FUNCTION affiliate.add_webhook(p_project_id bigint, p_url text, p_events text[] DEFAULT NULL, p_secret text DEFAULT NULL,
                                                 p_enabled boolean DEFAULT true, p_timeout_ms integer DEFAULT 5000, p_max_attempts integer DEFAULT NULL,
                                                 p_retry_schedule integer[] DEFAULT NULL, p_ordered boolean DEFAULT false) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.webhook_endpoint;
BEGIN
  v_row.project_id     := (affiliate_private.check_project(add_webhook.p_project_id)).project_id;
  v_row.url            := add_webhook.p_url;
  v_row.events         := coalesce(add_webhook.p_events, affiliate_private.webhook_event_types());
  v_row.secret         := coalesce(add_webhook.p_secret, affiliate_private.random_webhook_secret());
  v_row.enabled        := add_webhook.p_enabled;
  v_row.ordered        := add_webhook.p_ordered;
  v_row.timeout_ms     := add_webhook.p_timeout_ms;
  v_row.retry_schedule := add_webhook.p_retry_schedule;
  v_row.max_attempts   := coalesce(add_webhook.p_max_attempts, 3);
  v_row := affiliate_private.check_webhook(v_row);
  PERFORM affiliate_private.lock_facts(v_row.project_id, ARRAY['webhooks']);
  IF (SELECT count(*) >= 50 FROM affiliate_private.webhook_endpoint AS e WHERE e.project_id = v_row.project_id AND e.deleted_at IS NULL) THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'A project has at most 50 webhooks: delete one first';
  END IF;
  INSERT INTO affiliate_private.webhook_endpoint AS e (project_id, url, events, secret, enabled, disabled_at, ordered, timeout_ms, max_attempts, retry_schedule)
  VALUES (v_row.project_id, v_row.url, v_row.events, v_row.secret, v_row.enabled, CASE WHEN NOT v_row.enabled THEN clock_timestamp() END, v_row.ordered,
          v_row.timeout_ms, v_row.max_attempts, v_row.retry_schedule)
  RETURNING e.* INTO v_row;
  RETURN affiliate_private.webhook_json(v_row, v_row.secret);
END
$$;
COMMENT ON FUNCTION affiliate.add_webhook(bigint, text, text[], text, boolean, integer, integer, integer[], boolean) IS 'Adds an endpoint for outbound webhooks (all events unless given) and returns it with its signing secret, generated unless given. RF400 wrong values, RF404 unknown project, RF409 too many.';

CREATE OR REPLACE FUNCTION affiliate_private.random_webhook_secret() RETURNS text
LANGUAGE sql VOLATILE AS $$
  SELECT 'whsec_' || encode(affiliate_private.random_bytes(24), 'base64')
$$;
COMMENT ON FUNCTION affiliate_private.random_webhook_secret() IS 'A signing secret in the form of Standard Webhooks.';
