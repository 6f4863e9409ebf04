CREATE OR REPLACE FUNCTION affiliate_private.webhook_json(p_endpoint affiliate_private.webhook_endpoint) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT e.endpoint_id AS id, e.url, e.events, e.enabled, e.ordered, e.timeout_ms, e.max_attempts, e.retry_schedule,
           e.next_secret IS NOT NULL AS rotating, affiliate_private.api_time(e.created_at) AS created_at,
           affiliate_private.api_time(e.failing_since) AS failing_since, affiliate_private.api_time(e.disabled_at) AS disabled_at, e.disabled_reason
    FROM (SELECT (webhook_json.p_endpoint).*) AS e) AS x
$$;
COMMENT ON FUNCTION affiliate_private.webhook_json(affiliate_private.webhook_endpoint) IS 'A webhook endpoint as the API prints it.';

CREATE OR REPLACE FUNCTION affiliate_private.webhook_json(p_endpoint affiliate_private.webhook_endpoint, p_secret text) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT format('%s,"secret":%s}', rtrim(affiliate_private.webhook_json(webhook_json.p_endpoint)::text, '}'), to_json(webhook_json.p_secret))::json
$$;
COMMENT ON FUNCTION affiliate_private.webhook_json(affiliate_private.webhook_endpoint, text) IS 'A webhook endpoint with a secret that is shown this once.';

CREATE OR REPLACE FUNCTION affiliate_private.delivery_json(p_delivery affiliate_private.webhook_delivery) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT d.delivery_id AS id, e.message_id, e.event_type AS event, d.status,
           affiliate_private.api_time(d.created_at) AS created_at,
           -- One that is ready or being sent has none; one of a disabled endpoint waits for it.
           CASE WHEN d.status = 'pending' AND isfinite(d.next_attempt_at) THEN affiliate_private.api_time(d.next_attempt_at) END AS next_attempt_at,
           coalesce(a.attempts, '[]'::json) AS attempts, e.body::json AS payload
    FROM (SELECT (delivery_json.p_delivery).*) AS d
    JOIN affiliate_private.webhook_event AS e ON e.project_id = d.project_id AND e.event_id = d.event_id
    CROSS JOIN LATERAL (
      SELECT json_agg(row_to_json(y) ORDER BY y.attempt_no) AS attempts
      FROM (SELECT t.attempt_no, t.url, affiliate_private.api_time(t.finished_at) AS finished_at, t.duration_ms, t.status_code, t.error, t.response
            FROM affiliate_private.webhook_attempt AS t WHERE t.project_id = d.project_id AND t.delivery_id = d.delivery_id) AS y) AS a) AS x
$$;
COMMENT ON FUNCTION affiliate_private.delivery_json(affiliate_private.webhook_delivery) IS 'A delivery as the API prints it: what was sent, and what happened each time.';
