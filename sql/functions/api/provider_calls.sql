CREATE OR REPLACE FUNCTION affiliate_api.claim_provider_calls(p_limit integer, p_lease_seconds integer)
RETURNS TABLE (project_id bigint, call_id bigint, lease_token uuid, attempt_no integer, provider text, kind text, payload text, idempotency_key text, secret_key text, api_base text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH due AS (
    SELECT c.project_id, c.call_id FROM affiliate_private.provider_call AS c
    WHERE c.status = 'pending' AND c.next_attempt_at <= clock_timestamp()
    ORDER BY c.next_attempt_at LIMIT claim_provider_calls.p_limit
    FOR UPDATE SKIP LOCKED
  ), claimed AS (
    UPDATE affiliate_private.provider_call AS c
    SET lease_token = gen_random_uuid(), attempts = c.attempts + 1,
        next_attempt_at = clock_timestamp() + claim_provider_calls.p_lease_seconds * interval '1 second'
    FROM due WHERE c.project_id = due.project_id AND c.call_id = due.call_id
    RETURNING c.*
  )
  SELECT c.project_id, c.call_id, c.lease_token, c.attempts, c.provider, c.kind, c.payload::text, c.idempotency_key, p.secret_key, p.api_base
  FROM claimed AS c
  JOIN affiliate_private.provider_connection AS p ON p.project_id = c.project_id AND p.provider = c.provider
  ORDER BY c.call_id
$$;
COMMENT ON FUNCTION affiliate_api.claim_provider_calls(integer, integer) IS 'Leases due calls of providers'' APIs to one gateway, with the key to make them with; they come due again when the lease ends without settle_provider_call.';

CREATE OR REPLACE FUNCTION affiliate_api.settle_provider_call(p_result text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_result record;
  v_call   affiliate_private.provider_call;
BEGIN
  SELECT r.* INTO v_result FROM json_to_record(settle_provider_call.p_result::json) AS r
    (project_id bigint, call_id bigint, lease_token uuid, provider text, status_code integer, error text, retry_after_s integer, endpoint_id text, secret text);
  PERFORM affiliate_private.lock_facts(v_result.project_id, ARRAY['provider:' || v_result.provider]);
  UPDATE affiliate_private.provider_call AS c
  SET status = CASE WHEN v_result.error IS NULL THEN 'done' WHEN c.attempts >= 15 THEN 'dead' ELSE 'pending' END,
      next_attempt_at = clock_timestamp() + affiliate_private.retry_delay(c.attempts, v_result.retry_after_s),
      settled_at = clock_timestamp(), lease_token = NULL, last_status = v_result.status_code, last_error = left(v_result.error, 500),
      -- After a refusal nothing has happened, and the provider would repeat its words to the same key.
      idempotency_key = CASE WHEN v_result.status_code BETWEEN 400 AND 499 AND v_result.status_code NOT IN (409, 429) THEN gen_random_uuid()::text
                             ELSE c.idempotency_key END
  WHERE c.project_id = v_result.project_id AND c.call_id = v_result.call_id AND c.lease_token = v_result.lease_token AND c.status = 'pending'
  RETURNING c.* INTO v_call;
  IF v_call.status = 'done' AND v_call.kind = 'register_webhook' THEN
    PERFORM affiliate_private.webhook_registered(v_call, v_result.endpoint_id, v_result.secret);
  END IF;
  RETURN v_call.call_id IS NOT NULL;
END
$$;
COMMENT ON FUNCTION affiliate_api.settle_provider_call(text) IS 'Records what came of a call: done, else due again later or given up after its last attempt. A result of a lease that has passed to another gateway is dropped. Returns whether it was recorded.';

CREATE OR REPLACE FUNCTION affiliate_private.webhook_registered(p_call affiliate_private.provider_call, p_endpoint_id text, p_secret text) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.provider_connection;
BEGIN
  UPDATE affiliate_private.provider_connection AS c SET webhook_endpoint_id = webhook_registered.p_endpoint_id
  WHERE c.project_id = (webhook_registered.p_call).project_id AND c.provider = (webhook_registered.p_call).provider
  RETURNING c.* INTO v_row;
  -- An endpoint that was there already signs with the secret that its owner gave.
  IF webhook_registered.p_secret IS NOT NULL THEN
    PERFORM affiliate_private.add_webhook_secret(v_row, webhook_registered.p_secret);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.webhook_registered(affiliate_private.provider_call, text, text) IS 'Stores which endpoint the provider posts to, and what it signs with where it is new.';

CREATE OR REPLACE FUNCTION affiliate_api.next_provider_call_due() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.next_attempt_at FROM affiliate_private.provider_call AS c WHERE c.status = 'pending' ORDER BY c.next_attempt_at LIMIT 1
$$;
COMMENT ON FUNCTION affiliate_api.next_provider_call_due() IS 'When the next call of a provider''s API comes due, NULL for none.';
