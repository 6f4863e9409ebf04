CREATE OR REPLACE FUNCTION affiliate_private.book_payout(p_conversion affiliate_private.conversion) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row    affiliate_private.conversion := book_payout.p_conversion;
  v_amount bigint;
BEGIN
  IF v_row.affiliate_id IS NULL THEN
    RETURN;
  END IF;
  -- Paid: what it is worth now goes out. Taken back: whatever had gone out for it comes back.
  v_amount := CASE WHEN v_row.paid THEN v_row.commission_minor - affiliate_private.reversed_minor(v_row)
    ELSE (SELECT coalesce(sum(e.amount_minor), 0) FROM affiliate_private.ledger_entry AS e
          WHERE e.project_id = v_row.project_id AND e.conversion_id = v_row.conversion_id AND e.affiliate_id = v_row.affiliate_id AND e.kind = 'payout') END;
  IF v_amount <> 0 THEN
    INSERT INTO affiliate_private.ledger_entry (project_id, affiliate_id, conversion_id, kind, amount_minor, currency)
    VALUES (v_row.project_id, v_row.affiliate_id, v_row.conversion_id, 'payout', -v_amount, affiliate_private.project_currency(v_row.project_id));
    INSERT INTO affiliate_private.balance_delta (project_id, affiliate_id, paid_minor) VALUES (v_row.project_id, v_row.affiliate_id, v_amount);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.book_payout(affiliate_private.conversion) IS 'The payout entry of a conversion just marked paid, or the counter-entry of one taken back. The caller has booked the conversion itself.';
