-- Calls of a provider's API. They are written here and made by a gateway (affiliate_api.claim_provider_calls).

CREATE OR REPLACE FUNCTION affiliate_private.add_provider_call(p_connection affiliate_private.provider_connection, p_kind text, p_payload jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- Registering is for the newest key only: what an older one still waits for is over.
  UPDATE affiliate_private.provider_call AS c
  SET status = 'done', settled_at = clock_timestamp(), lease_token = NULL, last_error = 'superseded'
  WHERE c.project_id = (add_provider_call.p_connection).project_id AND c.provider = (add_provider_call.p_connection).provider
    AND c.kind = add_provider_call.p_kind AND c.kind = 'register_webhook' AND c.status <> 'done';
  INSERT INTO affiliate_private.provider_call (project_id, provider, kind, payload)
  VALUES ((add_provider_call.p_connection).project_id, (add_provider_call.p_connection).provider, add_provider_call.p_kind, add_provider_call.p_payload);
  PERFORM affiliate_private.ring_doorbell();
END
$$;
COMMENT ON FUNCTION affiliate_private.add_provider_call(affiliate_private.provider_connection, text, jsonb) IS 'Has a provider''s API called once this transaction is committed.';

CREATE OR REPLACE FUNCTION affiliate_private.retry_provider_calls(p_connection affiliate_private.provider_connection) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- What is on the wire right now is left to settle_provider_call.
  UPDATE affiliate_private.provider_call AS c
  SET status = 'pending', attempts = 0, next_attempt_at = clock_timestamp(), idempotency_key = gen_random_uuid()::text
  WHERE c.project_id = (retry_provider_calls.p_connection).project_id AND c.provider = (retry_provider_calls.p_connection).provider
    AND c.status <> 'done' AND c.lease_token IS NULL;
  IF FOUND THEN
    PERFORM affiliate_private.ring_doorbell();
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.retry_provider_calls(affiliate_private.provider_connection) IS 'Makes a provider''s calls that failed so far due now.';

CREATE OR REPLACE FUNCTION affiliate_private.drop_provider_calls(p_connection affiliate_private.provider_connection) RETURNS void
LANGUAGE sql VOLATILE AS $$
  UPDATE affiliate_private.provider_call AS c
  SET status = 'done', settled_at = clock_timestamp(), lease_token = NULL, last_error = 'the provider was disconnected'
  WHERE c.project_id = (drop_provider_calls.p_connection).project_id AND c.provider = (drop_provider_calls.p_connection).provider AND c.status <> 'done'
$$;
COMMENT ON FUNCTION affiliate_private.drop_provider_calls(affiliate_private.provider_connection) IS 'Ends a provider''s calls that were not made yet: without its key they cannot be.';

CREATE OR REPLACE FUNCTION affiliate_private.provider_calls_json(p_connection affiliate_private.provider_connection) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT coalesce(json_agg(row_to_json(x) ORDER BY x.id), '[]'::json) FROM (
    SELECT c.call_id AS id, c.kind, c.payload ->> 'id' AS subject, c.status, c.attempts, c.last_error AS error,
           affiliate_private.api_time(c.created_at) AS created_at,
           CASE WHEN c.status = 'pending' AND c.lease_token IS NULL THEN affiliate_private.api_time(c.next_attempt_at) END AS next_attempt_at
    FROM affiliate_private.provider_call AS c
    WHERE c.project_id = (provider_calls_json.p_connection).project_id AND c.provider = (provider_calls_json.p_connection).provider AND c.status <> 'done') AS x
$$;
COMMENT ON FUNCTION affiliate_private.provider_calls_json(affiliate_private.provider_connection) IS 'The calls of a provider''s API that are not done, and why, as the API prints them.';

CREATE OR REPLACE FUNCTION affiliate_private.retry_delay(p_attempts integer, p_retry_after_s integer) RETURNS interval
LANGUAGE sql VOLATILE AS $$
  -- 5 s, 30 s, 3 min, 18 min …, at most 12 h, each give or take 20 %, so that a failing server is not hit in step.
  SELECT greatest(least(5 * 6::double precision ^ (retry_delay.p_attempts - 1), 43200) * (0.8 + 0.4 * random()),
                  least(coalesce(retry_delay.p_retry_after_s, 0), 86400)) * interval '1 second'
$$;
COMMENT ON FUNCTION affiliate_private.retry_delay(integer, integer) IS 'How long to wait after a failed call of a provider''s API: exponential with jitter, or its Retry-After where that is longer (at most a day).';
