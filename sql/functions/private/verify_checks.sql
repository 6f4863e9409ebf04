CREATE OR REPLACE FUNCTION affiliate_private.verify_balances(p_project_id bigint) RETURNS TABLE (check_name text, subject text, expected text, actual text)
LANGUAGE sql STABLE AS $$
  SELECT 'balance from ledger', 'affiliate ' || b.affiliate_id, x.expected::text, y.actual::text
  FROM affiliate_private.affiliate_balance AS b
  CROSS JOIN LATERAL (
    SELECT affiliate_kernel.earnings(e.amount_minor, e.kind = 'payout', e.release_at, b.as_of)
           || (SELECT count(*) FROM affiliate_private.conversion AS c
               WHERE c.project_id = b.project_id AND c.affiliate_id = b.affiliate_id AND c.type = 'purchase' AND c.deleted_at IS NULL)
           || (SELECT count(*) FROM affiliate_private.conversion AS c
               WHERE c.project_id = b.project_id AND c.affiliate_id = b.affiliate_id AND c.type = 'signup' AND c.deleted_at IS NULL) AS expected
    FROM affiliate_private.ledger_entry AS e
    WHERE e.project_id = b.project_id AND e.affiliate_id = b.affiliate_id) AS x
  CROSS JOIN LATERAL (SELECT ARRAY[b.total_minor, b.eligible_minor, b.held_minor, b.paid_minor, b.purchases, b.signups] AS actual) AS y
  WHERE b.project_id = verify_balances.p_project_id AND x.expected IS DISTINCT FROM y.actual
$$;
COMMENT ON FUNCTION affiliate_private.verify_balances(bigint) IS 'Differences between {total, eligible, held, paid, purchases, signups} summed from the ledger and as read.';

CREATE OR REPLACE FUNCTION affiliate_private.verify_holds(p_project_id bigint) RETURNS TABLE (check_name text, subject text, expected text, actual text)
LANGUAGE sql STABLE AS $$
  -- Their sum is in the balance; here it matters when each of them is released.
  SELECT 'hold from ledger', format('affiliate %s, released %s', d.affiliate_id, d.release_at), sum(d.expected)::text, sum(d.actual)::text
  FROM (
    SELECT e.affiliate_id, e.release_at, e.amount_minor AS expected, 0 AS actual
    FROM affiliate_private.ledger_entry AS e
    WHERE e.project_id = verify_holds.p_project_id AND e.kind <> 'payout'
    UNION ALL
    SELECT h.affiliate_id, h.release_at, 0, h.amount_minor FROM affiliate_private.balance_hold AS h WHERE h.project_id = verify_holds.p_project_id
    UNION ALL
    SELECT v.affiliate_id, v.release_at, 0, v.total_minor FROM affiliate_private.balance_delta AS v WHERE v.project_id = verify_holds.p_project_id) AS d
  LEFT JOIN affiliate_private.balance AS b ON b.project_id = verify_holds.p_project_id AND b.affiliate_id = d.affiliate_id
  WHERE d.release_at > greatest(statement_timestamp(), b.folded_at)
  GROUP BY d.affiliate_id, d.release_at
  HAVING sum(d.expected) <> sum(d.actual)
$$;
COMMENT ON FUNCTION affiliate_private.verify_holds(bigint) IS 'Differences between what the ledger holds until each moment to come and what the balances do.';

CREATE OR REPLACE FUNCTION affiliate_private.verify_ledger(p_project_id bigint) RETURNS TABLE (check_name text, subject text, expected text, actual text)
LANGUAGE sql STABLE AS $$
  SELECT 'ledger from conversion', format('conversion %s, affiliate %s, %s', d.conversion_id, d.affiliate_id, d.kind), d.expected::text, d.actual::text
  FROM (
    SELECT m.conversion_id, m.affiliate_id, m.kind, m.release_at, sum(m.expected) AS expected, sum(m.actual) AS actual
    FROM (
      SELECT c.conversion_id, t.affiliate_id, t.kind, t.release_at, t.amount_minor AS expected, 0 AS actual
      FROM affiliate_private.conversion AS c
      CROSS JOIN LATERAL affiliate_private.due_entries(c) AS t
      WHERE c.project_id = verify_ledger.p_project_id
      UNION ALL
      SELECT e.conversion_id, e.affiliate_id, e.kind, e.release_at, 0, e.amount_minor
      FROM affiliate_private.ledger_entry AS e
      WHERE e.project_id = verify_ledger.p_project_id AND e.kind <> 'payout') AS m
    GROUP BY m.conversion_id, m.affiliate_id, m.kind, m.release_at
    HAVING sum(m.expected) <> sum(m.actual)) AS d
$$;
COMMENT ON FUNCTION affiliate_private.verify_ledger(bigint) IS 'Differences between what conversions should have booked, per affiliate, kind and release time, and what the ledger holds.';

CREATE OR REPLACE FUNCTION affiliate_private.verify_conversions(p_project_id bigint) RETURNS TABLE (check_name text, subject text, expected text, actual text)
LANGUAGE sql STABLE AS $$
  SELECT 'conversion from facts', format('sale %s (%s)', s.sale_key, s.provider), t.target::text,
         coalesce(affiliate_private.stamp_of(c)::text, 'no conversion')
  FROM affiliate_private.sale AS s
  LEFT JOIN affiliate_private.conversion AS c ON c.project_id = s.project_id AND c.sale_id = s.sale_id
  CROSS JOIN LATERAL (SELECT affiliate_private.sale_target(s, c) AS target) AS t
  WHERE s.project_id = verify_conversions.p_project_id AND c.deleted_at IS NULL
    AND (c.conversion_id IS NULL OR affiliate_private.stamp_of(c) IS DISTINCT FROM t.target)
  UNION ALL
  SELECT 'commission from stamp', 'conversion ' || c.conversion_id, concat_ws(' released ', k.commission_minor, k.release_at), concat_ws(' released ', c.commission_minor, c.release_at)
  FROM affiliate_private.conversion AS c
  CROSS JOIN LATERAL (
    SELECT coalesce(c.value_override_minor, affiliate_kernel.sale_commission(c.line_base_minor, c.line_rate_ppm, c.line_fixed_minor, c.fx_ppb)) AS commission_minor,
           affiliate_kernel.release_at(c.occurred_at, c.hold_days) AS release_at) AS k
  WHERE c.project_id = verify_conversions.p_project_id AND (c.commission_minor, c.release_at) IS DISTINCT FROM (k.commission_minor, k.release_at)
$$;
COMMENT ON FUNCTION affiliate_private.verify_conversions(bigint) IS 'Conversions that differ from what settling their sale again would give, and commissions that differ from their own stamp.';

CREATE OR REPLACE FUNCTION affiliate_private.verify_users(p_project_id bigint) RETURNS TABLE (check_name text, subject text, expected text, actual text)
LANGUAGE sql STABLE AS $$
  SELECT 'referred user of sale', 'conversion ' || c.conversion_id, 'a referred user', coalesce('none with id ' || c.referred_user_id, 'none')
  FROM affiliate_private.conversion AS c
  JOIN affiliate_private.sale AS s ON s.project_id = c.project_id AND s.sale_id = c.sale_id
  WHERE c.project_id = verify_users.p_project_id AND c.deleted_at IS NULL AND s.email IS NOT NULL
    AND NOT EXISTS (SELECT FROM affiliate_private.referred_user AS r WHERE r.project_id = c.project_id AND r.referred_user_id = c.referred_user_id)
$$;
COMMENT ON FUNCTION affiliate_private.verify_users(bigint) IS 'Live conversions whose sale names an email and that belong to no referred user.';

CREATE OR REPLACE FUNCTION affiliate_private.verify_counts(p_project_id bigint) RETURNS TABLE (check_name text, subject text, expected text, actual text)
LANGUAGE sql STABLE AS $$
  SELECT 'count from conversions', format('affiliate %s, %s, %s, paid %s', d.affiliate_id, d.day, d.type, d.paid), sum(d.expected)::text, sum(d.actual)::text
  FROM (
    SELECT coalesce(c.affiliate_id, 0) AS affiliate_id, (c.occurred_at AT TIME ZONE 'UTC')::date AS day, c.type, c.paid, 1 AS expected, 0 AS actual
    FROM affiliate_private.conversion AS c
    WHERE c.project_id = verify_counts.p_project_id AND c.deleted_at IS NULL
    UNION ALL
    SELECT coalesce(v.affiliate_id, 0), v.day, v.type, v.paid, 0, v.change
    FROM affiliate_private.conversion_count_delta AS v
    WHERE v.project_id = verify_counts.p_project_id
    UNION ALL
    -- What belongs to nobody is the whole project less its affiliates.
    SELECT n.affiliate_id, n.day, n.type, n.paid, 0, n.sign * n.live_count
    FROM (SELECT f.*, 1 AS sign FROM affiliate_private.conversion_count AS f
          UNION ALL
          SELECT f.project_id, 0, f.day, f.type, f.paid, f.live_count, -1 FROM affiliate_private.conversion_count AS f WHERE f.affiliate_id <> 0) AS n
    WHERE n.project_id = verify_counts.p_project_id AND n.day <> '-infinity') AS d
  GROUP BY d.affiliate_id, d.day, d.type, d.paid
  HAVING sum(d.expected) <> sum(d.actual)
  UNION ALL
  SELECT 'count of all days', format('affiliate %s, %s, paid %s', f.affiliate_id, f.type, f.paid),
         sum(f.live_count) FILTER (WHERE f.day <> '-infinity')::text, sum(f.live_count) FILTER (WHERE f.day = '-infinity')::text
  FROM affiliate_private.conversion_count AS f
  WHERE f.project_id = verify_counts.p_project_id
  GROUP BY f.affiliate_id, f.type, f.paid
  HAVING sum(f.live_count) FILTER (WHERE f.day <> '-infinity') IS DISTINCT FROM sum(f.live_count) FILTER (WHERE f.day = '-infinity')
$$;
COMMENT ON FUNCTION affiliate_private.verify_counts(bigint) IS 'Differences between the live conversions and the counts that the totals of lists are read from.';

CREATE OR REPLACE FUNCTION affiliate_private.verify_provider_calls(p_project_id bigint) RETURNS TABLE (check_name text, subject text, expected text, actual text)
LANGUAGE sql STABLE AS $$
  SELECT 'call of provider', concat_ws(' ', c.provider, c.kind, c.payload ->> 'id'), 'done', format('given up after %s attempts: %s', c.attempts, c.last_error)
  FROM affiliate_private.provider_call AS c
  WHERE c.project_id = verify_provider_calls.p_project_id AND c.status = 'dead'
$$;
COMMENT ON FUNCTION affiliate_private.verify_provider_calls(bigint) IS 'Changes that a provider''s API could not be told.';
