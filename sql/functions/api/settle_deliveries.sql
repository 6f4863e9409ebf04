CREATE OR REPLACE FUNCTION affiliate_api.settle_deliveries(p_results text) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_results affiliate_private.delivery_result[] := affiliate_private.leased_results(settle_deliveries.p_results::json);
  v_count   integer;
BEGIN
  -- Endpoints before deliveries, as everybody who changes both. Those that go on as they were are not touched.
  PERFORM affiliate_private.note_health(v_results);
  -- By itself, so that deliveries are found by their keys: without statistics other indexes of the project look as good.
  WITH result AS MATERIALIZED (
    SELECT r.*, o.status, p.ordered,
           CASE WHEN o.status <> 'pending' THEN NULL WHEN NOT p.enabled THEN 'infinity'
                ELSE clock_timestamp() + affiliate_private.delivery_delay(p, r.attempt_no, r.retry_after_s) END AS next_attempt_at
    FROM unnest(v_results) AS r
    JOIN affiliate_private.webhook_lease AS l ON l.project_id = r.project_id AND l.lease_token = r.lease_token
    JOIN affiliate_private.webhook_endpoint AS p ON p.project_id = l.project_id AND p.endpoint_id = l.endpoint_id
    CROSS JOIN LATERAL (SELECT CASE WHEN r.status_code BETWEEN 200 AND 299 THEN 'delivered'
                                    WHEN r.attempt_no >= p.max_attempts OR p.deleted_at IS NOT NULL THEN 'dead' ELSE 'pending' END) AS o (status)
  ), settled AS (
    UPDATE affiliate_private.webhook_delivery AS d
    SET status = r.status, attempts = r.attempt_no, next_attempt_at = r.next_attempt_at, settled_at = clock_timestamp(), in_order = r.ordered
    FROM result AS r
    WHERE (d.project_id, d.delivery_id) = (r.project_id, r.delivery_id) AND d.status = 'pending'
    RETURNING r.*
  ), attempt AS (
    INSERT INTO affiliate_private.webhook_attempt (project_id, delivery_id, attempt_no, url, duration_ms, status_code, error, response)
    SELECT s.project_id, s.delivery_id, s.attempt_no, s.url, s.duration_ms, s.status_code, left(s.error, 500), left(s.response, 4096) FROM settled AS s
    ON CONFLICT ON CONSTRAINT webhook_attempt_pkey DO NOTHING
  )
  SELECT count(*) INTO v_count FROM settled;
  PERFORM affiliate_private.shorten_leases(v_results);
  RETURN v_count;
END
$$;
COMMENT ON FUNCTION affiliate_api.settle_deliveries(text) IS 'Records attempts and their outcome: delivered on 2xx, else due again later, dead after the last attempt or where the endpoint is deleted. Results of a lease that has ended are dropped. Returns how many were settled.';

CREATE OR REPLACE FUNCTION affiliate_private.note_health(p_results affiliate_private.delivery_result[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_news record;
  v_row  affiliate_private.webhook_endpoint;
BEGIN
  FOR v_news IN
    SELECT l.project_id, l.endpoint_id, bool_or(r.status_code BETWEEN 200 AND 299) AS accepted, bool_or(r.status_code = 410) AS gone
    FROM unnest(note_health.p_results) AS r
    JOIN affiliate_private.webhook_lease AS l ON l.project_id = r.project_id AND l.lease_token = r.lease_token
    GROUP BY l.project_id, l.endpoint_id ORDER BY l.project_id, l.endpoint_id
  LOOP
    UPDATE affiliate_private.webhook_endpoint AS e SET failing_since = CASE WHEN v_news.accepted THEN NULL ELSE clock_timestamp() END
    WHERE e.project_id = v_news.project_id AND e.endpoint_id = v_news.endpoint_id AND (e.failing_since IS NOT NULL) = coalesce(v_news.accepted, false);
    SELECT e.* INTO v_row FROM affiliate_private.webhook_endpoint AS e
    WHERE e.project_id = v_news.project_id AND e.endpoint_id = v_news.endpoint_id;
    IF NOT v_row.enabled THEN
      -- Who is enabling it right now leaves to us what is on the wire, and must not be overlooked.
      PERFORM FROM affiliate_private.webhook_endpoint AS e
      WHERE e.project_id = v_news.project_id AND e.endpoint_id = v_news.endpoint_id FOR SHARE;
    END IF;
    IF v_news.gone THEN
      PERFORM affiliate_private.disable_webhook(v_row, 'it answered 410 Gone');
    ELSIF v_row.failing_since < clock_timestamp() - interval '5 days' THEN
      PERFORM affiliate_private.disable_webhook(v_row, 'every attempt for five days failed');
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION affiliate_private.note_health(affiliate_private.delivery_result[]) IS 'What results say about their endpoints: since when they fail, and whether to give them up.';

CREATE OR REPLACE FUNCTION affiliate_private.disable_webhook(p_endpoint affiliate_private.webhook_endpoint, p_reason text) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.webhook_endpoint;
BEGIN
  UPDATE affiliate_private.webhook_endpoint AS e SET enabled = false, disabled_at = clock_timestamp(), disabled_reason = disable_webhook.p_reason
  WHERE e.project_id = (disable_webhook.p_endpoint).project_id AND e.endpoint_id = (disable_webhook.p_endpoint).endpoint_id AND e.enabled
  RETURNING e.* INTO v_row;
  IF FOUND THEN
    PERFORM affiliate_private.hold_deliveries(v_row);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.disable_webhook(affiliate_private.webhook_endpoint, text) IS 'Stops sending to an endpoint and keeps why; what waits is held until its owner enables it again.';

CREATE OR REPLACE FUNCTION affiliate_private.delivery_delay(p_endpoint affiliate_private.webhook_endpoint, p_attempts integer, p_retry_after_s integer) RETURNS interval
LANGUAGE sql VOLATILE AS $$
  -- Built in: 5 s, 30 s, 3 min, 18 min …, at most 4 h, so that even 20 attempts end within three days. Each give or take a
  -- fifth, so that a failing receiver is not hit in step.
  SELECT greatest(coalesce((delivery_delay.p_endpoint).retry_schedule[least(delivery_delay.p_attempts, (delivery_delay.p_endpoint).max_attempts - 1)],
                           least(5 * 6::double precision ^ (delivery_delay.p_attempts - 1), 14400)) * (0.8 + 0.4 * random()),
                  least(coalesce(delivery_delay.p_retry_after_s, 0), 86400)) * interval '1 second'
$$;
COMMENT ON FUNCTION affiliate_private.delivery_delay(affiliate_private.webhook_endpoint, integer, integer) IS 'How long to wait after a failed attempt: by the endpoint''s schedule, or the receiver''s Retry-After where that is longer (at most a day).';
