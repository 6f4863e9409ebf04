CREATE OR REPLACE FUNCTION affiliate.export_payout_batch(p_project_id bigint, p_batch_id bigint, p_format text, p_part integer DEFAULT 1, p_decimal_comma boolean DEFAULT false) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_batch  affiliate_private.payout_batch := affiliate_private.find_payout_batch(export_payout_batch.p_project_id, export_payout_batch.p_batch_id);
  v_format text   := affiliate_private.check_setting('format', export_payout_batch.p_format, '^(paypal|wise|wise_saved|wise_iban|csv)$',
                                                     '"paypal", "wise", "wise_saved", "wise_iban" or "csv"');
  -- As many as the provider takes in one file.
  v_rows   bigint := CASE v_format WHEN 'paypal' THEN 5000 WHEN 'csv' THEN 100000 ELSE 1000 END;
  v_parts  bigint;
  v_file   record;
BEGIN
  SELECT greatest((count(*) + v_rows - 1) / v_rows, 1) INTO v_parts FROM affiliate_private.payout AS o
  WHERE o.project_id = v_batch.project_id AND o.batch_id = v_batch.batch_id AND affiliate_private.fits_format(o, v_format);
  IF export_payout_batch.p_part NOT BETWEEN 1 AND v_parts THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = format('This file has %s part(s)', v_parts);
  END IF;
  SELECT count(*) AS payouts, coalesce(sum(m.amount_minor), 0)::bigint AS amount_minor,
         concat(affiliate_private.csv_line(affiliate_private.payout_header(v_format)),
                string_agg(affiliate_private.csv_line(affiliate_private.payout_cells(m, v_format, export_payout_batch.p_decimal_comma)), '' ORDER BY m.payout_id)) AS content
  INTO v_file
  FROM (SELECT o.* FROM affiliate_private.payout AS o
        WHERE o.project_id = v_batch.project_id AND o.batch_id = v_batch.batch_id AND affiliate_private.fits_format(o, v_format)
        ORDER BY o.payout_id LIMIT v_rows OFFSET (export_payout_batch.p_part - 1) * v_rows) AS m;
  RETURN row_to_json(x) FROM (
    SELECT format('payouts-%s-%s%s.csv', v_batch.batch_id, v_format, CASE WHEN v_parts > 1 THEN '-' || export_payout_batch.p_part ELSE '' END) AS file_name,
           'text/csv; charset=utf-8' AS content_type, v_file.payouts AS payouts, affiliate_private.money_text(v_file.amount_minor, v_batch.currency) AS amount,
           v_batch.currency AS currency, export_payout_batch.p_part AS part, v_parts AS parts, v_file.content AS content) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.export_payout_batch(bigint, bigint, text, integer, boolean) IS 'A batch as a file: paypal (mass payment), wise (by email), wise_saved (recipients with a Wise id), wise_iban (bank accounts) with what is still reserved and goes that way, or csv with everything. In parts of as many payouts as the provider takes at once. RF400 unknown format, RF404 unknown batch or part, RF409 where PayPal cannot pay an amount.';
