CREATE OR REPLACE FUNCTION affiliate_private.record_touch(p_project_id bigint, p_customer_id bigint, p_email text, p_code_key text) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_at   timestamptz := clock_timestamp();
  v_last affiliate_private.evidence;
BEGIN
  -- The same code again at once (a retry, a double click) says nothing new. Later it may: what came in between may become known after this.
  SELECT e.* INTO v_last FROM affiliate_private.evidence AS e
  WHERE e.project_id = record_touch.p_project_id AND e.customer_id = record_touch.p_customer_id AND e.provider = 'api' AND e.source = 'email'
    AND e.observed_at > greatest(v_at - interval '1 minute', (SELECT max(l.effective_at) FROM affiliate_private.referral_link AS l
                                 WHERE l.project_id = record_touch.p_project_id AND l.email_key = affiliate_private.fold_key(record_touch.p_email)))
  ORDER BY e.observed_at DESC, e.evidence_id DESC LIMIT 1;
  IF v_last.code_key IS DISTINCT FROM record_touch.p_code_key THEN
    INSERT INTO affiliate_private.evidence (project_id, customer_id, provider, scope_key, source, namespace, code_key, observed_at)
    VALUES (record_touch.p_project_id, record_touch.p_customer_id, 'api', 'touch_' || replace(gen_random_uuid()::text, '-', ''), 'email', 'referral',
            record_touch.p_code_key, v_at);
    PERFORM affiliate_private.settle_customer(record_touch.p_project_id, record_touch.p_customer_id, v_at);
  END IF;
  RETURN v_at;
END
$$;
COMMENT ON FUNCTION affiliate_private.record_touch(bigint, bigint, text, text) IS 'Remembers that a customer has just come through a referral code, and settles what that changes; gives the moment. The caller holds lock_inputs and the customer''s lock.';
