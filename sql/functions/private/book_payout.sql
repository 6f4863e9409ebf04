CREATE OR REPLACE FUNCTION affiliate_private.book_payout(p_conversion affiliate_private.conversion) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row    affiliate_private.conversion := book_payout.p_conversion;
  v_before bigint := affiliate_private.paid_out_minor(v_row);
  -- Paid: what it is worth now has gone out. Taken back: nothing has.
  v_after  bigint := CASE WHEN v_row.paid THEN v_row.commission_minor - affiliate_private.reversed_minor(v_row) ELSE 0 END;
  v_rest   bigint := v_after - v_before;
BEGIN
  IF v_row.affiliate_id IS NULL THEN
    RETURN;
  END IF;
  IF NOT v_row.paid THEN
    -- What payouts have paid of it comes back line by line, so that none of them can be returned again.
    v_rest := v_rest + coalesce((
      SELECT sum(affiliate_private.take_back_line(l)) FROM affiliate_private.payout_line AS l
      WHERE l.project_id = v_row.project_id AND l.conversion_id = v_row.conversion_id AND l.affiliate_id = v_row.affiliate_id
        AND l.entry_id IS NOT NULL AND l.returned_entry_id IS NULL), 0);
  END IF;
  IF v_rest <> 0 THEN
    INSERT INTO affiliate_private.ledger_entry (project_id, affiliate_id, conversion_id, kind, amount_minor, currency)
    VALUES (v_row.project_id, v_row.affiliate_id, v_row.conversion_id, 'payout', -v_rest, affiliate_private.project_currency(v_row.project_id));
  END IF;
  IF v_after <> v_before THEN
    INSERT INTO affiliate_private.balance_delta (project_id, affiliate_id, paid_minor) VALUES (v_row.project_id, v_row.affiliate_id, v_after - v_before);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.book_payout(affiliate_private.conversion) IS 'The payout entry of a conversion just marked paid, or the counter-entries of one taken back. The caller has booked the conversion itself.';

CREATE OR REPLACE FUNCTION affiliate_private.paid_out_minor(p_conversion affiliate_private.conversion) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT coalesce(-sum(e.amount_minor), 0)::bigint FROM affiliate_private.ledger_entry AS e
  WHERE e.project_id = (paid_out_minor.p_conversion).project_id AND e.conversion_id = (paid_out_minor.p_conversion).conversion_id
    AND e.affiliate_id = (paid_out_minor.p_conversion).affiliate_id AND e.kind = 'payout'
$$;
COMMENT ON FUNCTION affiliate_private.paid_out_minor(affiliate_private.conversion) IS 'What has gone out to its affiliate for a conversion, less what came back, minor units.';

CREATE OR REPLACE FUNCTION affiliate_private.take_back_line(p_line affiliate_private.payout_line) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_line     affiliate_private.payout_line := take_back_line.p_line;
  v_entry_id bigint;
BEGIN
  INSERT INTO affiliate_private.ledger_entry AS e (project_id, affiliate_id, conversion_id, kind, amount_minor, currency)
  VALUES (v_line.project_id, v_line.affiliate_id, v_line.conversion_id, 'payout', v_line.amount_minor, affiliate_private.project_currency(v_line.project_id))
  RETURNING e.entry_id INTO v_entry_id;
  UPDATE affiliate_private.payout_line AS l SET returned_entry_id = v_entry_id
  WHERE l.project_id = v_line.project_id AND l.payout_id = v_line.payout_id AND l.conversion_id = v_line.conversion_id;
  RETURN v_line.amount_minor;
END
$$;
COMMENT ON FUNCTION affiliate_private.take_back_line(affiliate_private.payout_line) IS 'Books the counter-entry of a paid line that has not been taken back and gives its amount; the balance is the caller''s.';
