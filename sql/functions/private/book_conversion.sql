CREATE OR REPLACE FUNCTION affiliate_private.book_conversion(p_old affiliate_private.conversion, p_new affiliate_private.conversion) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_affiliate_ids bigint[];
BEGIN
  IF (book_conversion.p_old).conversion_id IS NULL THEN
    PERFORM affiliate_private.book_new_conversion(book_conversion.p_new);
    RETURN;
  END IF;
  -- What the ledger should hold for this conversion against what it holds; the difference is appended.
  WITH difference AS (
    SELECT d.affiliate_id, d.release_at, d.kind, d.amount_minor
    FROM affiliate_private.unbooked_entries((book_conversion.p_new).project_id, ARRAY[(book_conversion.p_new).conversion_id]) AS d
  ), entry AS (
    INSERT INTO affiliate_private.ledger_entry AS e (project_id, affiliate_id, conversion_id, kind, amount_minor, currency, release_at)
    SELECT p.project_id, d.affiliate_id, (book_conversion.p_new).conversion_id, d.kind, d.amount_minor, p.currency, d.release_at
    FROM difference AS d, affiliate_private.project AS p
    WHERE p.project_id = (book_conversion.p_new).project_id
    ORDER BY d.kind
    RETURNING e.affiliate_id, e.release_at, e.amount_minor
  ), counted AS (
    SELECT c.affiliate_id, c.purchases, c.signups FROM (VALUES
      ((book_conversion.p_new).affiliate_id, affiliate_private.counts_as('purchase', book_conversion.p_new), affiliate_private.counts_as('signup', book_conversion.p_new)),
      ((book_conversion.p_old).affiliate_id, -affiliate_private.counts_as('purchase', book_conversion.p_old), -affiliate_private.counts_as('signup', book_conversion.p_old))
    ) AS c (affiliate_id, purchases, signups)
    WHERE c.purchases <> 0 OR c.signups <> 0
  ), delta AS (
    INSERT INTO affiliate_private.balance_delta AS b (project_id, affiliate_id, total_minor, release_at, purchases, signups)
    SELECT (book_conversion.p_new).project_id, m.affiliate_id, sum(m.total_minor), m.release_at, sum(m.purchases), sum(m.signups)
    FROM (SELECT entry.affiliate_id, entry.release_at, entry.amount_minor AS total_minor, 0 AS purchases, 0 AS signups FROM entry
          UNION ALL
          SELECT counted.affiliate_id, affiliate_private.effective_release_at(book_conversion.p_new), 0, counted.purchases, counted.signups FROM counted) AS m
    GROUP BY m.affiliate_id, m.release_at
    HAVING sum(m.total_minor) <> 0 OR sum(m.purchases) <> 0 OR sum(m.signups) <> 0
    RETURNING b.affiliate_id, b.delta_id
  )
  SELECT array_agg(DISTINCT delta.affiliate_id) FILTER (WHERE delta.delta_id % 32 = 0) INTO v_affiliate_ids FROM delta;
  -- About every 32nd writer folds what has gathered for the affiliate it has just written to.
  PERFORM affiliate_private.fold_balance((book_conversion.p_new).project_id, f.affiliate_id) FROM unnest(v_affiliate_ids) AS f (affiliate_id);
END
$$;
COMMENT ON FUNCTION affiliate_private.book_conversion(affiliate_private.conversion, affiliate_private.conversion) IS 'Appends to the ledger the difference between what a conversion should have booked and what it has, and the same to the balance deltas. With book_new_conversion the only writer of commission and refund entries.';

CREATE OR REPLACE FUNCTION affiliate_private.book_new_conversion(p_new affiliate_private.conversion) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_new        affiliate_private.conversion := book_new_conversion.p_new;
  v_release_at timestamptz := affiliate_private.effective_release_at(v_new);
  v_tier       bigint;
  v_currency   text;
  v_reversed   bigint := CASE WHEN v_new.refunded_minor > 0 OR v_new.canceled THEN affiliate_private.reversed_minor(v_new) ELSE 0 END;
BEGIN
  IF v_new.affiliate_id IS NULL THEN
    RETURN;
  END IF;
  v_currency := affiliate_private.project_currency(v_new.project_id);
  IF v_new.commission_minor <> 0 THEN
    INSERT INTO affiliate_private.ledger_entry (project_id, affiliate_id, conversion_id, kind, amount_minor, currency, release_at)
    VALUES (v_new.project_id, v_new.affiliate_id, v_new.conversion_id, 'commission', v_new.commission_minor, v_currency, v_release_at);
  END IF;
  IF v_reversed <> 0 THEN
    INSERT INTO affiliate_private.ledger_entry (project_id, affiliate_id, conversion_id, kind, amount_minor, currency, release_at)
    VALUES (v_new.project_id, v_new.affiliate_id, v_new.conversion_id, 'refund', -v_reversed, v_currency, v_release_at);
  END IF;
  PERFORM affiliate_private.add_balance_delta(v_new.project_id, v_new.affiliate_id, v_new.commission_minor - v_reversed, v_release_at,
                                              (v_new.type = 'purchase')::integer, (v_new.type = 'signup')::integer);
  IF v_new.parent_affiliate_id IS NOT NULL THEN
    WITH booked AS (
      INSERT INTO affiliate_private.ledger_entry AS e (project_id, affiliate_id, conversion_id, kind, amount_minor, currency, release_at)
      SELECT v_new.project_id, d.affiliate_id, v_new.conversion_id, d.kind, d.amount_minor, v_currency, d.release_at
      FROM affiliate_private.due_entries(v_new) AS d WHERE d.kind IN ('tier', 'tier_refund')
      RETURNING e.amount_minor)
    SELECT sum(booked.amount_minor) INTO v_tier FROM booked;
    IF v_tier <> 0 THEN
      PERFORM affiliate_private.add_balance_delta(v_new.project_id, v_new.parent_affiliate_id, v_tier, v_new.release_at, 0, 0);
    END IF;
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.book_new_conversion(affiliate_private.conversion) IS 'The first entries of a conversion, for which there is nothing yet to compare with.';

CREATE OR REPLACE FUNCTION affiliate_private.add_balance_delta(p_project_id bigint, p_affiliate_id bigint, p_total_minor bigint, p_release_at timestamptz,
                                                               p_purchases integer, p_signups integer) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_delta_id bigint;
BEGIN
  INSERT INTO affiliate_private.balance_delta AS b (project_id, affiliate_id, total_minor, release_at, purchases, signups)
  VALUES (add_balance_delta.p_project_id, add_balance_delta.p_affiliate_id, add_balance_delta.p_total_minor, add_balance_delta.p_release_at,
          add_balance_delta.p_purchases, add_balance_delta.p_signups)
  RETURNING b.delta_id INTO v_delta_id;
  -- About every 32nd writer folds what has gathered for the affiliate it has just written to.
  IF v_delta_id % 32 = 0 THEN
    PERFORM affiliate_private.fold_balance(add_balance_delta.p_project_id, add_balance_delta.p_affiliate_id);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.add_balance_delta(bigint, bigint, bigint, timestamptz, integer, integer) IS 'Adds earnings (minor units, held until p_release_at) and counts to an affiliate''s balance.';

CREATE OR REPLACE FUNCTION affiliate_private.due_entries(p_conversion affiliate_private.conversion) RETURNS TABLE (affiliate_id bigint, kind text, amount_minor bigint, release_at timestamptz)
LANGUAGE sql STABLE AS $$
  SELECT t.affiliate_id, t.kind, t.amount_minor, t.release_at
  FROM (SELECT (due_entries.p_conversion).*) AS c
  CROSS JOIN LATERAL (VALUES
    (c.affiliate_id, 'commission', c.commission_minor, affiliate_private.effective_release_at(c)),
    (c.affiliate_id, 'refund', -affiliate_private.reversed_minor(c), affiliate_private.effective_release_at(c)),
    -- The parent is paid apart from the affiliate, so that its part keeps its own hold.
    (c.parent_affiliate_id, 'tier', c.tier_minor, c.release_at),
    (c.parent_affiliate_id, 'tier_refund', -affiliate_private.reversed_part(c, c.tier_minor), c.release_at)) AS t (affiliate_id, kind, amount_minor, release_at)
  WHERE t.affiliate_id IS NOT NULL AND t.amount_minor <> 0 AND c.deleted_at IS NULL
$$;
COMMENT ON FUNCTION affiliate_private.due_entries(affiliate_private.conversion) IS 'What the ledger should hold for a conversion, payouts aside: commission and refunds of the affiliate, and the part of its parent.';

CREATE OR REPLACE FUNCTION affiliate_private.counts_as(p_type text, p_conversion affiliate_private.conversion) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN (counts_as.p_conversion).type = counts_as.p_type AND (counts_as.p_conversion).affiliate_id IS NOT NULL
               AND (counts_as.p_conversion).deleted_at IS NULL THEN 1 ELSE 0 END
$$;
COMMENT ON FUNCTION affiliate_private.counts_as(text, affiliate_private.conversion) IS '1 for a live conversion of an affiliate of this type (purchase, signup), else 0.';

CREATE OR REPLACE FUNCTION affiliate_private.effective_release_at(p_conversion affiliate_private.conversion) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN NOT (effective_release_at.p_conversion).paid THEN (effective_release_at.p_conversion).release_at END
$$;
COMMENT ON FUNCTION affiliate_private.effective_release_at(affiliate_private.conversion) IS 'Until when a conversion''s money is held: its stamped release, and no hold at all once it is paid, so that a refund after that is a clawback at once.';
