CREATE OR REPLACE FUNCTION affiliate.replay_webhooks(p_project_id bigint, p_endpoint_id bigint, p_status text DEFAULT 'dead',
                                                     p_since timestamptz DEFAULT NULL, p_until timestamptz DEFAULT NULL,
                                                     p_after bigint DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row   affiliate_private.webhook_endpoint;
  v_since timestamptz;
  v_count bigint;
  v_last  bigint;
BEGIN
  IF replay_webhooks.p_status NOT IN ('dead', 'missed', 'all') THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'status must be dead, missed or all';
  END IF;
  -- Two at once would both find the same.
  PERFORM affiliate_private.lock_facts(replay_webhooks.p_project_id, ARRAY['webhook:' || replay_webhooks.p_endpoint_id]);
  v_row   := affiliate_private.find_enabled_webhook(replay_webhooks.p_project_id, replay_webhooks.p_endpoint_id);
  v_since := coalesce(replay_webhooks.p_since, v_row.created_at);
  WITH replayed AS (
    INSERT INTO affiliate_private.webhook_delivery (project_id, endpoint_id, event_id)
    SELECT e.project_id, v_row.endpoint_id, e.event_id
    FROM affiliate_private.webhook_event AS e
    CROSS JOIN LATERAL (
      SELECT count(*) > 0 AS known, coalesce(bool_or(d.status = 'pending'), false) AS pending, coalesce(bool_or(d.status = 'delivered'), false) AS delivered
      FROM affiliate_private.webhook_delivery AS d
      -- Not to be looked up by the endpoint: it may have millions, an event has one for each endpoint.
      WHERE d.project_id = e.project_id AND d.event_id = e.event_id AND d.endpoint_id IS NOT DISTINCT FROM v_row.endpoint_id) AS d
    WHERE e.project_id = v_row.project_id AND e.created_at >= v_since
      AND e.event_id > coalesce(replay_webhooks.p_after, 0)
      AND (replay_webhooks.p_until IS NULL OR e.created_at < replay_webhooks.p_until)
      AND NOT d.pending
      AND e.body <> ''  -- Pruned, or erased with a person's data.
      AND CASE WHEN d.known THEN replay_webhooks.p_status = 'all' OR replay_webhooks.p_status = 'dead' AND NOT d.delivered
               -- Never written for it: it was disabled then, or not there yet.
               ELSE replay_webhooks.p_status <> 'dead' AND NOT e.is_test AND e.event_type = ANY (v_row.events) END
    ORDER BY e.event_id LIMIT 10000
    RETURNING event_id
  )
  SELECT count(*), max(r.event_id) INTO v_count, v_last FROM replayed AS r;
  PERFORM affiliate_private.ring_doorbell();
  RETURN row_to_json(x) FROM (SELECT v_row.endpoint_id AS id, v_count AS replayed, v_count = 10000 AS has_more,
                                            CASE WHEN v_count = 10000 THEN v_last END AS next_after) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.replay_webhooks(bigint, bigint, text, timestamptz, timestamptz, bigint) IS 'Sends an endpoint again, with the same ids and bodies, what it never took (dead), what was not even tried because it was disabled (missed), or everything (all) written from p_since, by default its creation, until before p_until; not what is on its way. The oldest 10,000 after the event p_after at most: go on with next_after. RF400 wrong status, RF404 unknown endpoint, RF409 disabled.';

CREATE OR REPLACE FUNCTION affiliate.replay_webhook(p_project_id bigint, p_endpoint_id bigint, p_delivery_id bigint) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_endpoint affiliate_private.webhook_endpoint;
  v_row      affiliate_private.webhook_delivery;
BEGIN
  v_endpoint := affiliate_private.find_enabled_webhook(replay_webhook.p_project_id, replay_webhook.p_endpoint_id);
  v_row := affiliate_private.find_delivery(v_endpoint.project_id, v_endpoint.endpoint_id, replay_webhook.p_delivery_id);
  IF EXISTS (SELECT FROM affiliate_private.webhook_event AS e
             WHERE e.project_id = v_row.project_id AND e.event_id = v_row.event_id AND e.body = '') THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'What this delivery said is no longer kept, so it cannot be sent again';
  ELSIF v_row.status <> 'pending' THEN
    v_row := affiliate_private.add_delivery(v_row.project_id, v_row.endpoint_id, v_row.event_id);
  ELSE
    -- It is on its way already; it need not wait for its next attempt.
    UPDATE affiliate_private.webhook_delivery AS d SET next_attempt_at = NULL
    WHERE d.project_id = v_row.project_id AND d.delivery_id = v_row.delivery_id AND d.status = 'pending';
    v_row := affiliate_private.find_delivery(v_endpoint.project_id, v_endpoint.endpoint_id, replay_webhook.p_delivery_id);
    PERFORM affiliate_private.ring_doorbell();
  END IF;
  RETURN affiliate_private.delivery_json(v_row);
END
$$;
COMMENT ON FUNCTION affiliate.replay_webhook(bigint, bigint, bigint) IS 'Sends one delivery again, as a new one with the same id and body; one that waits is sent at once instead. RF404 unknown, RF409 disabled endpoint, or a body that was pruned or erased.';

CREATE OR REPLACE FUNCTION affiliate.test_webhook(p_project_id bigint, p_endpoint_id bigint, p_event_type text DEFAULT 'referral_converted') RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.webhook_delivery;
BEGIN
  IF NOT test_webhook.p_event_type = ANY (affiliate_private.webhook_event_types()) THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = format('event must be one of %s', array_to_string(affiliate_private.webhook_event_types(), ', '));
  END IF;
  v_row := affiliate_private.emit_test_webhook(
    affiliate_private.find_enabled_webhook(test_webhook.p_project_id, test_webhook.p_endpoint_id), test_webhook.p_event_type);
  RETURN affiliate_private.delivery_json(v_row);
END
$$;
COMMENT ON FUNCTION affiliate.test_webhook(bigint, bigint, text) IS 'Sends an endpoint a made-up event. RF400 wrong event, RF404 unknown endpoint, RF409 disabled.';
