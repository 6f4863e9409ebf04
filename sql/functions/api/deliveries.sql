CREATE OR REPLACE FUNCTION affiliate_api.claim_deliveries(p_limit integer, p_lease_seconds integer)
RETURNS TABLE (project_id bigint, delivery_id bigint, lease_token uuid, attempt_no integer, url text, event_type text, message_id text, body text, secrets text[], timeout_ms integer)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH due AS (
    SELECT d.project_id, d.delivery_id FROM affiliate_private.webhook_delivery AS d
    JOIN affiliate_private.webhook_endpoint AS p ON p.project_id = d.project_id AND p.endpoint_id = d.endpoint_id AND p.enabled
    WHERE d.status = 'pending' AND d.next_attempt_at <= clock_timestamp()
    ORDER BY d.next_attempt_at LIMIT claim_deliveries.p_limit
    FOR UPDATE OF d SKIP LOCKED
  ), claimed AS (
    UPDATE affiliate_private.webhook_delivery AS d
    SET lease_token = gen_random_uuid(), attempts = d.attempts + 1,
        next_attempt_at = clock_timestamp() + claim_deliveries.p_lease_seconds * interval '1 second'
    FROM due WHERE d.project_id = due.project_id AND d.delivery_id = due.delivery_id
    RETURNING d.project_id, d.delivery_id, d.lease_token, d.attempts, d.endpoint_id, d.event_id
  )
  SELECT c.project_id, c.delivery_id, c.lease_token, c.attempts, p.url, e.event_type, e.message_id, e.body, ARRAY[p.secret], p.timeout_ms
  FROM claimed AS c
  JOIN affiliate_private.webhook_endpoint AS p ON p.project_id = c.project_id AND p.endpoint_id = c.endpoint_id
  JOIN affiliate_private.webhook_event AS e ON e.project_id = c.project_id AND e.event_id = c.event_id
  ORDER BY c.delivery_id
$$;
COMMENT ON FUNCTION affiliate_api.claim_deliveries(integer, integer) IS 'Leases due deliveries of enabled endpoints to one drain; they come due again when the lease ends without settle_deliveries.';

CREATE OR REPLACE FUNCTION affiliate_api.settle_deliveries(p_results text) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_count integer;
BEGIN
  WITH result AS (
    SELECT r.* FROM json_to_recordset(settle_deliveries.p_results::json) AS r
      (project_id bigint, delivery_id bigint, lease_token uuid, attempt_no integer, status_code integer, error text, response text, duration_ms integer, retry_after_s integer)
  ), settled AS (
    UPDATE affiliate_private.webhook_delivery AS d
    SET status = CASE WHEN r.status_code BETWEEN 200 AND 299 THEN 'delivered' WHEN d.attempts >= p.max_attempts OR p.deleted_at IS NOT NULL THEN 'dead' ELSE 'pending' END,
        next_attempt_at = clock_timestamp() + affiliate_private.retry_delay(d.attempts, r.retry_after_s),
        settled_at = clock_timestamp(), lease_token = NULL
    FROM result AS r, affiliate_private.webhook_endpoint AS p
    WHERE d.project_id = r.project_id AND d.delivery_id = r.delivery_id AND d.lease_token = r.lease_token AND d.status = 'pending'
      AND p.project_id = d.project_id AND p.endpoint_id = d.endpoint_id
    RETURNING r.*
  ), attempt AS (
    INSERT INTO affiliate_private.webhook_attempt (project_id, delivery_id, attempt_no, duration_ms, status_code, error, response)
    SELECT s.project_id, s.delivery_id, s.attempt_no, s.duration_ms, s.status_code, left(s.error, 500), left(s.response, 4096) FROM settled AS s
    ON CONFLICT ON CONSTRAINT webhook_attempt_pkey DO NOTHING
  )
  SELECT count(*) INTO v_count FROM settled;
  RETURN v_count;
END
$$;
COMMENT ON FUNCTION affiliate_api.settle_deliveries(text) IS 'Records attempts and their outcome: delivered on 2xx, else due again later, dead after the last attempt or where the endpoint is deleted. Results of a lease that has passed to another drain are dropped. Returns how many were settled.';

CREATE OR REPLACE FUNCTION affiliate_private.retry_delay(p_attempts integer, p_retry_after_s integer) RETURNS interval
LANGUAGE sql VOLATILE AS $$
  -- 5 s, 30 s, 3 min, 18 min …, at most 12 h, each give or take 20 %, so that a failing receiver is not hit in step.
  SELECT greatest(least(5 * 6::double precision ^ (retry_delay.p_attempts - 1), 43200) * (0.8 + 0.4 * random()),
                  least(coalesce(retry_delay.p_retry_after_s, 0), 86400)) * interval '1 second'
$$;
COMMENT ON FUNCTION affiliate_private.retry_delay(integer, integer) IS 'How long to wait after a failed attempt: exponential with jitter, or the receiver''s Retry-After where that is longer (at most a day).';

CREATE OR REPLACE FUNCTION affiliate_api.release_deliveries(p_results text) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_count integer;
BEGIN
  UPDATE affiliate_private.webhook_delivery AS d
  SET next_attempt_at = clock_timestamp(), attempts = d.attempts - 1, lease_token = NULL
  FROM json_to_recordset(release_deliveries.p_results::json) AS r (project_id bigint, delivery_id bigint, lease_token uuid)
  WHERE d.project_id = r.project_id AND d.delivery_id = r.delivery_id AND d.lease_token = r.lease_token AND d.status = 'pending';
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END
$$;
COMMENT ON FUNCTION affiliate_api.release_deliveries(text) IS 'Gives back deliveries that were claimed but not sent; they are due at once and the attempt does not count.';

CREATE OR REPLACE FUNCTION affiliate_api.next_delivery_due() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT d.next_attempt_at FROM affiliate_private.webhook_delivery AS d
  JOIN affiliate_private.webhook_endpoint AS p ON p.project_id = d.project_id AND p.endpoint_id = d.endpoint_id AND p.enabled
  WHERE d.status = 'pending' AND d.next_attempt_at < 'infinity'
  ORDER BY d.next_attempt_at LIMIT 1
$$;
COMMENT ON FUNCTION affiliate_api.next_delivery_due() IS 'When the next pending delivery of an enabled endpoint comes due, NULL for none.';
