-- How a reserved payout ends. Whoever calls pay_payout or release_payout holds lock_inputs exclusively.

CREATE OR REPLACE FUNCTION affiliate_private.lock_payout(p_project_id bigint, p_payout_id bigint, p_status text) RETURNS affiliate_private.payout
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.payout;
BEGIN
  PERFORM affiliate_private.lock_inputs(lock_payout.p_project_id, true);
  v_row := affiliate_private.find_payout(lock_payout.p_project_id, lock_payout.p_payout_id);
  IF v_row.status NOT IN ('reserved', lock_payout.p_status) THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = format('Payout %s is %s and stays so', v_row.payout_id, v_row.status);
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.lock_payout(bigint, bigint, text) IS 'A payout that is reserved or has this status already, with nobody settling anything meanwhile; RF404 unknown, RF409 where it has ended otherwise.';

CREATE OR REPLACE FUNCTION affiliate_private.open_payouts(p_batch affiliate_private.payout_batch) RETURNS SETOF affiliate_private.payout
LANGUAGE sql STABLE AS $$
  SELECT o.* FROM affiliate_private.payout AS o
  WHERE o.project_id = (open_payouts.p_batch).project_id AND o.batch_id = (open_payouts.p_batch).batch_id AND o.status = 'reserved'
  ORDER BY o.payout_id
$$;
COMMENT ON FUNCTION affiliate_private.open_payouts(affiliate_private.payout_batch) IS 'The payouts of a batch that are still reserved.';

CREATE OR REPLACE FUNCTION affiliate_private.pay_payout(p_payout affiliate_private.payout, p_transaction_id text) RETURNS affiliate_private.payout
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.payout := pay_payout.p_payout;
BEGIN
  PERFORM affiliate_private.pay_conversion(c)
  FROM affiliate_private.payout_line AS l
  JOIN affiliate_private.conversion AS c ON c.project_id = l.project_id AND c.conversion_id = l.conversion_id
  WHERE l.project_id = v_row.project_id AND l.payout_id = v_row.payout_id AND l.amount_minor > 0
    AND c.affiliate_id = l.affiliate_id AND NOT c.paid AND c.deleted_at IS NULL;
  WITH entry AS (
    INSERT INTO affiliate_private.ledger_entry AS e (project_id, affiliate_id, conversion_id, kind, amount_minor, currency)
    SELECT l.project_id, l.affiliate_id, l.conversion_id, 'payout', -l.amount_minor, v_row.currency
    FROM affiliate_private.payout_line AS l
    WHERE l.project_id = v_row.project_id AND l.payout_id = v_row.payout_id
    ORDER BY l.conversion_id
    RETURNING e.entry_id, e.conversion_id
  )
  UPDATE affiliate_private.payout_line AS l SET reserved = false, entry_id = entry.entry_id
  FROM entry WHERE l.project_id = v_row.project_id AND l.payout_id = v_row.payout_id AND l.conversion_id = entry.conversion_id;
  INSERT INTO affiliate_private.balance_delta (project_id, affiliate_id, paid_minor) VALUES (v_row.project_id, v_row.affiliate_id, v_row.amount_minor);
  RETURN affiliate_private.end_payout(v_row, 'paid', pay_payout.p_transaction_id, NULL);
END
$$;
COMMENT ON FUNCTION affiliate_private.pay_payout(affiliate_private.payout, text) IS 'Books a reserved payout line by line and marks the conversions it pays.';

CREATE OR REPLACE FUNCTION affiliate_private.pay_conversion(p_conversion affiliate_private.conversion) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_new affiliate_private.conversion;
BEGIN
  UPDATE affiliate_private.conversion AS c SET paid = true, updated_at = clock_timestamp()
  WHERE c.project_id = (pay_conversion.p_conversion).project_id AND c.conversion_id = (pay_conversion.p_conversion).conversion_id
  RETURNING c.* INTO v_new;
  PERFORM affiliate_private.book_conversion(pay_conversion.p_conversion, v_new);
  PERFORM affiliate_private.announce_conversion(pay_conversion.p_conversion, v_new);
END
$$;
COMMENT ON FUNCTION affiliate_private.pay_conversion(affiliate_private.conversion) IS 'Marks a conversion paid, which takes it out of its hold; its payout entry is the caller''s.';

CREATE OR REPLACE FUNCTION affiliate_private.release_payout(p_payout affiliate_private.payout, p_status text, p_reason text) RETURNS affiliate_private.payout
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  UPDATE affiliate_private.payout_line AS l SET reserved = false
  WHERE l.project_id = (release_payout.p_payout).project_id AND l.payout_id = (release_payout.p_payout).payout_id;
  RETURN affiliate_private.end_payout(release_payout.p_payout, release_payout.p_status, NULL, release_payout.p_reason);
END
$$;
COMMENT ON FUNCTION affiliate_private.release_payout(affiliate_private.payout, text, text) IS 'Frees what a payout has reserved, for another batch.';

CREATE OR REPLACE FUNCTION affiliate_private.end_payout(p_payout affiliate_private.payout, p_status text, p_transaction_id text, p_reason text) RETURNS affiliate_private.payout
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.payout;
BEGIN
  UPDATE affiliate_private.payout AS o
  SET status = end_payout.p_status, transaction_id = end_payout.p_transaction_id, reason = end_payout.p_reason, settled_at = clock_timestamp()
  WHERE o.project_id = (end_payout.p_payout).project_id AND o.payout_id = (end_payout.p_payout).payout_id
  RETURNING o.* INTO STRICT v_row;
  UPDATE affiliate_private.payout_request AS q
  SET status = CASE WHEN end_payout.p_status = 'canceled' THEN 'approved' ELSE end_payout.p_status END,
      reason = end_payout.p_reason, payout_id = CASE WHEN end_payout.p_status <> 'canceled' THEN q.payout_id END
  WHERE q.project_id = v_row.project_id AND q.payout_id = v_row.payout_id;
  -- What was learnt about its sales meanwhile counts from now on, where they were not paid.
  PERFORM affiliate_private.settle_sale(c.project_id, c.sale_id)
  FROM affiliate_private.payout_line AS l
  JOIN affiliate_private.conversion AS c ON c.project_id = l.project_id AND c.conversion_id = l.conversion_id
  WHERE l.project_id = v_row.project_id AND l.payout_id = v_row.payout_id AND NOT c.paid AND c.deleted_at IS NULL AND c.sale_id IS NOT NULL
  ORDER BY c.conversion_id;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.end_payout(affiliate_private.payout, text, text, text) IS 'The final status of a payout and of the request it answers; settles again those of its sales that stay unpaid.';
