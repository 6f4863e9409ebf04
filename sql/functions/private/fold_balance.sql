CREATE OR REPLACE FUNCTION affiliate_private.fold_balance(p_project_id bigint, p_affiliate_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_now   timestamptz;
  v_sums  record;
  v_due   bigint;
BEGIN
  -- One folder at a time per affiliate; whoever comes second has nothing to wait for.
  IF NOT pg_try_advisory_xact_lock(hashtextextended(format('pg_affiliate:%s:fold:%s', fold_balance.p_project_id, fold_balance.p_affiliate_id), 0)) THEN
    RETURN;
  END IF;
  v_now := clock_timestamp();
  WITH folded AS (
    DELETE FROM affiliate_private.balance_delta AS d
    WHERE d.project_id = fold_balance.p_project_id AND d.affiliate_id = fold_balance.p_affiliate_id
    RETURNING d.total_minor, d.paid_minor, d.release_at, d.clicks, d.signups, d.purchases
  ), held AS (
    SELECT f.release_at, sum(f.total_minor)::bigint AS amount_minor
    FROM folded AS f WHERE f.release_at > v_now
    GROUP BY f.release_at HAVING sum(f.total_minor) <> 0
  ), bucket AS (
    INSERT INTO affiliate_private.balance_hold AS h (project_id, affiliate_id, release_at, amount_minor)
    SELECT fold_balance.p_project_id, fold_balance.p_affiliate_id, held.release_at, held.amount_minor FROM held
    ON CONFLICT ON CONSTRAINT balance_hold_pkey DO UPDATE SET amount_minor = h.amount_minor + excluded.amount_minor
    RETURNING h.release_at
  )
  SELECT coalesce(sum(f.total_minor), 0)::bigint AS total_minor, coalesce(sum(f.paid_minor), 0)::bigint AS paid_minor,
         coalesce(sum(f.total_minor) FILTER (WHERE f.release_at > v_now), 0)::bigint AS held_minor,
         coalesce(sum(f.clicks), 0) AS clicks, coalesce(sum(f.signups), 0) AS signups, coalesce(sum(f.purchases), 0) AS purchases
  INTO v_sums FROM folded AS f;

  WITH due AS (
    DELETE FROM affiliate_private.balance_hold AS h
    WHERE h.project_id = fold_balance.p_project_id AND h.affiliate_id = fold_balance.p_affiliate_id AND (h.release_at <= v_now OR h.amount_minor = 0)
    RETURNING h.amount_minor
  )
  SELECT coalesce(sum(due.amount_minor), 0) INTO v_due FROM due;

  INSERT INTO affiliate_private.balance AS b (project_id, affiliate_id, total_minor, held_minor, paid_minor, clicks, signups, purchases, folded_at)
  VALUES (fold_balance.p_project_id, fold_balance.p_affiliate_id, v_sums.total_minor, v_sums.held_minor - v_due, v_sums.paid_minor,
          v_sums.clicks, v_sums.signups, v_sums.purchases, v_now)
  ON CONFLICT ON CONSTRAINT balance_pkey DO UPDATE
    SET total_minor = b.total_minor + excluded.total_minor, held_minor = b.held_minor + excluded.held_minor, paid_minor = b.paid_minor + excluded.paid_minor,
        clicks = b.clicks + excluded.clicks, signups = b.signups + excluded.signups, purchases = b.purchases + excluded.purchases,
        folded_at = greatest(b.folded_at, excluded.folded_at);
END
$$;
COMMENT ON FUNCTION affiliate_private.fold_balance(bigint, bigint) IS 'Folds an affiliate''s balance deltas and the holds released by now into its balance row; a no-op while somebody else does. Balances are right without it, reads only get shorter.';
