CREATE OR REPLACE FUNCTION affiliate_private.lock_inputs(p_project_id bigint, p_exclusive boolean) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_lock bigint := hashtextextended(format('pg_affiliate:%s:inputs', lock_inputs.p_project_id), 0);
BEGIN
  -- Whoever waits here goes by what was committed meanwhile, and under REPEATABLE READ would not see it: two payouts of the same
  -- money, for one. SERIALIZABLE fails by itself where that matters.
  IF current_setting('transaction_isolation') = 'repeatable read' THEN
    RAISE EXCEPTION USING ERRCODE = '25001', MESSAGE = 'this cannot be done under REPEATABLE READ: begin the transaction READ COMMITTED, which is the default';
  END IF;
  IF lock_inputs.p_exclusive THEN
    PERFORM pg_advisory_xact_lock(v_lock);
  ELSE
    PERFORM pg_advisory_xact_lock_shared(v_lock);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.lock_inputs(bigint, boolean) IS 'Taken first by whoever settles (shared) and by whoever changes what settling reads: settings, rules, rates, codes, affiliates (exclusive). So no sale is settled by a version that was being replaced.';
