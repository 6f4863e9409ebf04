CREATE OR REPLACE FUNCTION affiliate.set_webhook(p_project_id bigint, p_endpoint_id bigint, p_changes json) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_changes jsonb := set_webhook.p_changes::jsonb;
  v_old     affiliate_private.webhook_endpoint;
  v_new     affiliate_private.webhook_endpoint;
BEGIN
  PERFORM affiliate_private.lock_facts(set_webhook.p_project_id, ARRAY['webhook:' || set_webhook.p_endpoint_id]);
  -- Settling may be disabling it at this moment.
  PERFORM FROM affiliate_private.webhook_endpoint AS e
  WHERE e.project_id = set_webhook.p_project_id AND e.endpoint_id = set_webhook.p_endpoint_id FOR NO KEY UPDATE;
  v_old := affiliate_private.find_webhook(set_webhook.p_project_id, set_webhook.p_endpoint_id);
  -- How often alone is said for the built-in pauses.
  IF v_changes ? 'max_attempts' AND NOT v_changes ? 'retry_schedule' THEN
    v_changes := v_changes || '{"retry_schedule": null}';
  END IF;
  v_new := affiliate_private.check_webhook(jsonb_populate_record(v_old, v_changes));
  UPDATE affiliate_private.webhook_endpoint AS e
  SET url = v_new.url, events = v_new.events, secret = v_new.secret, next_secret = CASE WHEN v_changes ? 'secret' THEN NULL ELSE e.next_secret END,
      enabled = v_new.enabled, ordered = v_new.ordered, timeout_ms = v_new.timeout_ms, max_attempts = v_new.max_attempts, retry_schedule = v_new.retry_schedule,
      -- Its owner has spoken: it starts anew.
      failing_since   = CASE WHEN v_changes ? 'enabled' OR v_new.url <> v_old.url THEN NULL ELSE e.failing_since END,
      disabled_reason = CASE WHEN v_changes ? 'enabled' THEN NULL ELSE e.disabled_reason END,
      disabled_at     = CASE WHEN v_new.enabled THEN NULL ELSE coalesce(e.disabled_at, clock_timestamp()) END
  WHERE e.project_id = v_old.project_id AND e.endpoint_id = v_old.endpoint_id
  RETURNING e.* INTO v_new;
  IF v_new.enabled <> v_old.enabled THEN
    PERFORM affiliate_private.hold_deliveries(v_new);
  END IF;
  RETURN affiliate_private.webhook_json(v_new);
END
$$;
COMMENT ON FUNCTION affiliate.set_webhook(bigint, bigint, json) IS 'Changes an endpoint: any of url, events, secret, enabled, ordered, timeout_ms, max_attempts, retry_schedule. RF400 wrong values, RF404 unknown endpoint.';

CREATE OR REPLACE FUNCTION affiliate.remove_webhook(p_project_id bigint, p_endpoint_id bigint) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.webhook_endpoint;
BEGIN
  PERFORM affiliate_private.lock_facts(remove_webhook.p_project_id, ARRAY['webhook:' || remove_webhook.p_endpoint_id]);
  v_row := affiliate_private.find_webhook(remove_webhook.p_project_id, remove_webhook.p_endpoint_id);
  UPDATE affiliate_private.webhook_endpoint AS e
  SET deleted_at = clock_timestamp(), enabled = false, disabled_at = coalesce(e.disabled_at, clock_timestamp())
  WHERE e.project_id = v_row.project_id AND e.endpoint_id = v_row.endpoint_id
  RETURNING e.* INTO v_row;
  PERFORM affiliate_private.hold_deliveries(v_row);
  RETURN row_to_json(x) FROM (SELECT v_row.endpoint_id AS id, true AS removed) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.remove_webhook(bigint, bigint) IS 'Deletes an endpoint; nothing more is sent to it, not even what waits. RF404 for an unknown one.';

CREATE OR REPLACE FUNCTION affiliate.list_webhooks(p_project_id bigint) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM affiliate_private.check_project(list_webhooks.p_project_id);
  RETURN (SELECT coalesce(json_agg(affiliate_private.webhook_json(e) ORDER BY e.endpoint_id), '[]'::json) FROM affiliate_private.webhook_endpoint AS e
          WHERE e.project_id = list_webhooks.p_project_id AND e.deleted_at IS NULL);
END
$$;
COMMENT ON FUNCTION affiliate.list_webhooks(bigint) IS 'The endpoints of a project. RF404 for an unknown one.';
