CREATE OR REPLACE FUNCTION affiliate_private.payable_lines(p_project_id bigint, p_affiliate_ids bigint[], p_at timestamptz)
RETURNS TABLE (affiliate_id bigint, conversion_id bigint, amount_minor bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- From the ledger alone, so that whatever kinds of entries a conversion has, and for whom, what is left of them is paid.
  RETURN QUERY
    SELECT e.affiliate_id, e.conversion_id, sum(e.amount_minor)::bigint
    FROM affiliate_private.ledger_entry AS e
    WHERE e.project_id = payable_lines.p_project_id AND e.affiliate_id = ANY (payable_lines.p_affiliate_ids) AND e.conversion_id IS NOT NULL
      AND (e.release_at IS NULL OR e.release_at <= payable_lines.p_at)
    GROUP BY e.affiliate_id, e.conversion_id
    HAVING sum(e.amount_minor) <> 0
       AND NOT EXISTS (SELECT FROM affiliate_private.payout_line AS l
                       WHERE l.project_id = payable_lines.p_project_id AND l.conversion_id = e.conversion_id AND l.affiliate_id = e.affiliate_id AND l.reserved);
END
$$;
COMMENT ON FUNCTION affiliate_private.payable_lines(bigint, bigint[], timestamptz) IS 'What the ledger owes these affiliates for each conversion that has left its hold and is in no open payout, minor units; negative where more was paid than was earned.';

CREATE OR REPLACE FUNCTION affiliate_private.payable_minor(p_project_id bigint, p_affiliate_id bigint) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT b.eligible_minor - (SELECT coalesce(sum(o.amount_minor), 0) FROM affiliate_private.payout AS o
                             WHERE o.project_id = b.project_id AND o.affiliate_id = b.affiliate_id AND o.status = 'reserved')::bigint
  FROM affiliate_private.affiliate_balance AS b
  WHERE b.project_id = payable_minor.p_project_id AND b.affiliate_id = payable_minor.p_affiliate_id
$$;
COMMENT ON FUNCTION affiliate_private.payable_minor(bigint, bigint) IS 'Eligible earnings of an affiliate that no open payout has reserved, minor units.';
