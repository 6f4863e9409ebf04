CREATE OR REPLACE FUNCTION affiliate_private.take_back_payout(p_payout affiliate_private.payout, p_reason text) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row            affiliate_private.payout := take_back_payout.p_payout;
  v_amount         bigint;
  v_conversion_ids bigint[];
BEGIN
  UPDATE affiliate_private.payout AS o SET status = 'returned', returned_at = clock_timestamp(), reason = take_back_payout.p_reason
  WHERE o.project_id = v_row.project_id AND o.payout_id = v_row.payout_id;
  UPDATE affiliate_private.payout_request AS q SET status = 'failed', reason = take_back_payout.p_reason
  WHERE q.project_id = v_row.project_id AND q.payout_id = v_row.payout_id;
  -- Lines whose conversions were marked unpaid meanwhile have come back already.
  SELECT sum(affiliate_private.take_back_line(l)) INTO v_amount
  FROM affiliate_private.payout_line AS l
  WHERE l.project_id = v_row.project_id AND l.payout_id = v_row.payout_id AND l.returned_entry_id IS NULL;
  INSERT INTO affiliate_private.balance_delta (project_id, affiliate_id, paid_minor)
  SELECT v_row.project_id, v_row.affiliate_id, -v_amount WHERE v_amount <> 0;
  -- A conversion for which something has gone out apart from this stays paid; what is open of it is a line of the next batch.
  WITH marked AS (
    UPDATE affiliate_private.conversion AS c SET paid = false, updated_at = clock_timestamp()
    FROM affiliate_private.payout_line AS l
    WHERE l.project_id = v_row.project_id AND l.payout_id = v_row.payout_id
      AND c.project_id = l.project_id AND c.conversion_id = l.conversion_id AND c.affiliate_id = l.affiliate_id AND c.paid AND c.deleted_at IS NULL
      AND affiliate_private.paid_out_minor(c) <= 0
    RETURNING c.conversion_id
  )
  SELECT array_agg(marked.conversion_id) INTO v_conversion_ids FROM marked;
  PERFORM affiliate_private.book_marked_conversions(v_row.project_id, v_conversion_ids);
  PERFORM affiliate_private.announce_marked(v_row.project_id, v_conversion_ids);
  -- What was learnt while they were paid counts from now on.
  PERFORM affiliate_private.settle_sale(c.project_id, c.sale_id)
  FROM affiliate_private.conversion AS c
  WHERE c.project_id = v_row.project_id AND c.conversion_id = ANY (v_conversion_ids)
  ORDER BY c.conversion_id;
END
$$;
COMMENT ON FUNCTION affiliate_private.take_back_payout(affiliate_private.payout, text) IS 'Books a paid payout back, line by line, and marks unpaid the conversions for which nothing else has gone out. Whoever calls it holds lock_inputs exclusively.';
