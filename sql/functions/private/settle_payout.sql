-- How reserved payouts end, any number at once. Whoever calls pay_payouts or release_payouts holds lock_inputs exclusively.

CREATE OR REPLACE FUNCTION affiliate_private.lock_payout(p_project_id bigint, p_payout_id bigint, p_status text, p_from text DEFAULT 'reserved') RETURNS affiliate_private.payout
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.payout;
BEGIN
  PERFORM affiliate_private.lock_inputs(lock_payout.p_project_id, true);
  v_row := affiliate_private.find_payout(lock_payout.p_project_id, lock_payout.p_payout_id);
  IF v_row.status NOT IN (lock_payout.p_from, lock_payout.p_status) THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE =
      CASE WHEN v_row.status = 'reserved' THEN format('Payout %s is reserved: fail or cancel it, it has not been confirmed', v_row.payout_id)
           ELSE format('Payout %s is %s and stays so', v_row.payout_id, v_row.status) END;
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.lock_payout(bigint, bigint, text, text) IS 'A payout that can get a status, being p_from, or has it already, with nobody settling anything meanwhile; RF404 unknown, RF409 where it can not.';

CREATE OR REPLACE FUNCTION affiliate_private.open_payouts(p_batch affiliate_private.payout_batch) RETURNS bigint[]
LANGUAGE sql STABLE AS $$
  SELECT ARRAY(
    SELECT o.payout_id FROM affiliate_private.payout AS o
    WHERE o.project_id = (open_payouts.p_batch).project_id AND o.batch_id = (open_payouts.p_batch).batch_id AND o.status = 'reserved')
$$;
COMMENT ON FUNCTION affiliate_private.open_payouts(affiliate_private.payout_batch) IS 'The payouts of a batch that are still reserved.';

CREATE OR REPLACE FUNCTION affiliate_private.pay_payouts(p_project_id bigint, p_payout_ids bigint[], p_transaction_id text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_conversion_ids bigint[];
BEGIN
  WITH marked AS (
    UPDATE affiliate_private.conversion AS c SET paid = true, updated_at = clock_timestamp()
    FROM affiliate_private.payout_line AS l
    WHERE l.project_id = pay_payouts.p_project_id AND l.payout_id = ANY (pay_payouts.p_payout_ids) AND l.amount_minor > 0
      AND c.project_id = l.project_id AND c.conversion_id = l.conversion_id AND c.affiliate_id = l.affiliate_id AND NOT c.paid AND c.deleted_at IS NULL
    RETURNING c.conversion_id
  )
  SELECT array_agg(marked.conversion_id) INTO v_conversion_ids FROM marked;
  -- Paid ones leave their hold, and then their lines are booked.
  PERFORM affiliate_private.book_marked_conversions(pay_payouts.p_project_id, v_conversion_ids);
  WITH entry AS (
    INSERT INTO affiliate_private.ledger_entry AS e (project_id, affiliate_id, conversion_id, kind, amount_minor, currency)
    SELECT l.project_id, l.affiliate_id, l.conversion_id, 'payout', -l.amount_minor, o.currency
    FROM affiliate_private.payout AS o
    JOIN affiliate_private.payout_line AS l ON l.project_id = o.project_id AND l.payout_id = o.payout_id
    WHERE o.project_id = pay_payouts.p_project_id AND o.payout_id = ANY (pay_payouts.p_payout_ids)
    ORDER BY l.payout_id, l.conversion_id
    RETURNING e.entry_id, e.conversion_id, e.affiliate_id
  )
  -- No other of these lines holds the same conversion for the same affiliate.
  UPDATE affiliate_private.payout_line AS l SET reserved = false, entry_id = entry.entry_id
  FROM entry
  WHERE l.project_id = pay_payouts.p_project_id AND l.payout_id = ANY (pay_payouts.p_payout_ids)
    AND l.conversion_id = entry.conversion_id AND l.affiliate_id = entry.affiliate_id;
  INSERT INTO affiliate_private.balance_delta (project_id, affiliate_id, paid_minor)
  SELECT o.project_id, o.affiliate_id, o.amount_minor FROM affiliate_private.payout AS o
  WHERE o.project_id = pay_payouts.p_project_id AND o.payout_id = ANY (pay_payouts.p_payout_ids);
  PERFORM affiliate_private.announce_marked(pay_payouts.p_project_id, v_conversion_ids);
  PERFORM affiliate_private.end_payouts(pay_payouts.p_project_id, pay_payouts.p_payout_ids, 'paid', pay_payouts.p_transaction_id, NULL);
END
$$;
COMMENT ON FUNCTION affiliate_private.pay_payouts(bigint, bigint[], text) IS 'Books reserved payouts line by line and marks the conversions they pay.';

CREATE OR REPLACE FUNCTION affiliate_private.announce_marked(p_project_id bigint, p_conversion_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF affiliate_private.is_webhook_wanted(announce_marked.p_project_id, 'referral_updated') THEN
    PERFORM affiliate_private.emit_conversion_webhook(c, 'referral_updated')
    FROM affiliate_private.conversion AS c
    WHERE c.project_id = announce_marked.p_project_id AND c.conversion_id = ANY (announce_marked.p_conversion_ids) AND c.type = 'purchase'
    ORDER BY c.conversion_id;
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.announce_marked(bigint, bigint[]) IS 'What announce_conversion does, for conversions of which nothing has changed but whether they are paid.';

CREATE OR REPLACE FUNCTION affiliate_private.release_payouts(p_project_id bigint, p_payout_ids bigint[], p_status text, p_reason text) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  UPDATE affiliate_private.payout_line AS l SET reserved = false
  WHERE l.project_id = release_payouts.p_project_id AND l.payout_id = ANY (release_payouts.p_payout_ids);
  PERFORM affiliate_private.end_payouts(release_payouts.p_project_id, release_payouts.p_payout_ids, release_payouts.p_status, NULL, release_payouts.p_reason);
END
$$;
COMMENT ON FUNCTION affiliate_private.release_payouts(bigint, bigint[], text, text) IS 'Frees what payouts have reserved, for another batch.';

CREATE OR REPLACE FUNCTION affiliate_private.end_payouts(p_project_id bigint, p_payout_ids bigint[], p_status text, p_transaction_id text, p_reason text) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  UPDATE affiliate_private.payout AS o
  SET status = end_payouts.p_status, transaction_id = end_payouts.p_transaction_id, reason = end_payouts.p_reason, settled_at = clock_timestamp()
  WHERE o.project_id = end_payouts.p_project_id AND o.payout_id = ANY (end_payouts.p_payout_ids);
  UPDATE affiliate_private.payout_request AS q
  SET status = CASE WHEN end_payouts.p_status = 'canceled' THEN 'approved' ELSE end_payouts.p_status END,
      reason = end_payouts.p_reason, payout_id = CASE WHEN end_payouts.p_status <> 'canceled' THEN q.payout_id END
  WHERE q.project_id = end_payouts.p_project_id AND q.payout_id = ANY (end_payouts.p_payout_ids);
  -- What was learnt about its sales meanwhile counts from now on, where they were not paid.
  PERFORM affiliate_private.settle_sale(c.project_id, c.sale_id)
  FROM affiliate_private.payout_line AS l
  JOIN affiliate_private.conversion AS c ON c.project_id = l.project_id AND c.conversion_id = l.conversion_id
  WHERE l.project_id = end_payouts.p_project_id AND l.payout_id = ANY (end_payouts.p_payout_ids) AND l.settled_meanwhile
    AND NOT c.paid AND c.deleted_at IS NULL
  ORDER BY c.conversion_id;
END
$$;
COMMENT ON FUNCTION affiliate_private.end_payouts(bigint, bigint[], text, text, text) IS 'The final status of payouts and of the requests they answer; settles again those of their sales that stay unpaid and were settled meanwhile.';
