-- Here and not among the functions, because it reads the views: so it shows an analyst the granted projects only.
CREATE OR REPLACE FUNCTION affiliate.earnings_as_of(p_project_id bigint, p_at timestamptz)
RETURNS TABLE (affiliate_id bigint, currency text, total_earnings numeric, eligible_earnings numeric, held_earnings numeric, paid_earnings numeric,
               next_release_at timestamptz)
LANGUAGE sql STABLE AS $$
  SELECT s.affiliate_id, s.currency, s.total, s.total - s.held - s.paid, s.held, s.paid, s.next_release_at
  FROM (
    SELECT b.affiliate_id, b.currency,
           -- Multiplied rather than filtered, so that a sum of nothing keeps the currency's decimals.
           sum(b.amount * (NOT b.payout)::integer) AS total, -sum(b.amount * b.payout::integer) AS paid,
           sum(b.amount * (NOT b.payout AND coalesce(b.release_at > earnings_as_of.p_at, false))::integer) AS held,
           min(b.release_at) FILTER (WHERE b.release_at > earnings_as_of.p_at AND b.amount <> 0) AS next_release_at
    FROM (
      SELECT e.affiliate_id, e.currency, e.release_at, e.kind = 'payout' AS payout, sum(e.amount) AS amount
      FROM affiliate.ledger AS e
      WHERE e.project_id = earnings_as_of.p_project_id AND e.booked_at <= earnings_as_of.p_at
      GROUP BY e.affiliate_id, e.currency, e.release_at, e.kind = 'payout') AS b
    GROUP BY b.affiliate_id, b.currency) AS s
  ORDER BY s.affiliate_id
$$;
COMMENT ON FUNCTION affiliate.earnings_as_of(bigint, timestamptz) IS 'What each affiliate with anything booked had earned at a moment: total = eligible + held + paid, from the ledger as it stood then. An analyst sees the granted projects.';
