-- What conversions have booked against what they should, and the booking of many at once.

CREATE OR REPLACE FUNCTION affiliate_private.unbooked_entries(p_project_id bigint, p_conversion_ids bigint[])
RETURNS TABLE (conversion_id bigint, affiliate_id bigint, release_at timestamptz, kind text, amount_minor bigint)
LANGUAGE sql STABLE AS $$
  SELECT d.conversion_id, d.affiliate_id, d.release_at, d.kind, sum(d.amount_minor)::bigint
  FROM (SELECT c.conversion_id, t.affiliate_id, t.release_at, t.kind, t.amount_minor
        FROM affiliate_private.conversion AS c
        CROSS JOIN LATERAL affiliate_private.due_entries(c) AS t
        WHERE c.project_id = unbooked_entries.p_project_id AND c.conversion_id = ANY (unbooked_entries.p_conversion_ids)
        UNION ALL
        SELECT e.conversion_id, e.affiliate_id, e.release_at, e.kind, -e.amount_minor
        FROM affiliate_private.ledger_entry AS e
        WHERE e.project_id = unbooked_entries.p_project_id AND e.conversion_id = ANY (unbooked_entries.p_conversion_ids) AND e.kind <> 'payout') AS d
  GROUP BY d.conversion_id, d.affiliate_id, d.release_at, d.kind
  HAVING sum(d.amount_minor) <> 0
$$;
COMMENT ON FUNCTION affiliate_private.unbooked_entries(bigint, bigint[]) IS 'What the ledger should hold for conversions, payouts aside, less what it holds.';

CREATE OR REPLACE FUNCTION affiliate_private.book_marked_conversions(p_project_id bigint, p_conversion_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_affiliate_ids bigint[];
BEGIN
  WITH entry AS (
    INSERT INTO affiliate_private.ledger_entry AS e (project_id, affiliate_id, conversion_id, kind, amount_minor, currency, release_at)
    SELECT p.project_id, u.affiliate_id, u.conversion_id, u.kind, u.amount_minor, p.currency, u.release_at
    FROM affiliate_private.project AS p
    CROSS JOIN LATERAL affiliate_private.unbooked_entries(p.project_id, book_marked_conversions.p_conversion_ids) AS u
    WHERE p.project_id = book_marked_conversions.p_project_id
    ORDER BY u.conversion_id, u.kind
    RETURNING e.affiliate_id, e.release_at, e.amount_minor
  ), delta AS (
    INSERT INTO affiliate_private.balance_delta AS b (project_id, affiliate_id, total_minor, release_at)
    SELECT book_marked_conversions.p_project_id, entry.affiliate_id, sum(entry.amount_minor), entry.release_at
    FROM entry GROUP BY entry.affiliate_id, entry.release_at
    HAVING sum(entry.amount_minor) <> 0
    ORDER BY entry.affiliate_id
    RETURNING b.affiliate_id, b.delta_id
  )
  SELECT array_agg(DISTINCT delta.affiliate_id) FILTER (WHERE delta.delta_id % 32 = 0) INTO v_affiliate_ids FROM delta;
  -- As when they are booked one by one, every 32nd delta folds what has gathered for its affiliate.
  PERFORM affiliate_private.fold_balance(book_marked_conversions.p_project_id, f.affiliate_id) FROM unnest(v_affiliate_ids) AS f (affiliate_id);
END
$$;
COMMENT ON FUNCTION affiliate_private.book_marked_conversions(bigint, bigint[]) IS 'What book_conversion does, for many conversions of which nothing has changed but whether they are paid.';
