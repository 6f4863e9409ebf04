-- Payouts as files for payment providers. docs/payouts.md says where each format is described.

CREATE OR REPLACE FUNCTION affiliate_private.csv_line(p_cells text[]) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT string_agg(CASE WHEN c.cell ~ '[",;\r\n]' THEN '"' || replace(c.cell, '"', '""') || '"' ELSE coalesce(c.cell, '') END, ',' ORDER BY c.n) || E'\r\n'
  FROM unnest(csv_line.p_cells) WITH ORDINALITY AS c (cell, n)
$$;
COMMENT ON FUNCTION affiliate_private.csv_line(text[]) IS 'One line of RFC 4180: quoted where it has to be, NULL as an empty cell.';

CREATE OR REPLACE FUNCTION affiliate_private.csv_safe(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  -- Also behind what a spreadsheet may take for the start of another cell.
  SELECT regexp_replace(csv_safe.p_text, '(^|[,;|"''\t\r\n])(\s*[=+@-])', '\1''\2', 'g')
$$;
COMMENT ON FUNCTION affiliate_private.csv_safe(text) IS 'A text that no spreadsheet takes for a formula: an apostrophe stands before what looks like the start of one.';

CREATE OR REPLACE FUNCTION affiliate_private.payout_header(p_format text) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE payout_header.p_format
    WHEN 'wise' THEN '{name,recipientEmail,paymentReference,receiverType,amountCurrency,amount,sourceCurrency,targetCurrency}'::text[]
    WHEN 'wise_saved' THEN '{recipientId,name,recipientEmail,recipientDetail,sourceCurrency,targetCurrency,amountCurrency,amount,paymentReference,referenceNumber,receiverType}'
    WHEN 'wise_iban' THEN '{name,recipientEmail,paymentReference,referenceNumber,receiverType,amountCurrency,amount,sourceCurrency,targetCurrency,IBAN}'
    WHEN 'csv' THEN '{payout_id,reference,status,affiliate_id,affiliate_email,amount,currency,method,recipient_name,recipient_type,paypal_email,wise_email,wise_account_id,iban,bic,account_number,routing_number,bank_name,bank_country,other_details,transaction_id,reason,created_at,settled_at,returned_at}' END
$$;
COMMENT ON FUNCTION affiliate_private.payout_header(text) IS 'The first line of a payout file; NULL for PayPal''s, which has none.';

CREATE OR REPLACE FUNCTION affiliate_private.fits_format(p_payout affiliate_private.payout, p_format text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE fits_format.p_format
    WHEN 'csv' THEN true
    WHEN 'paypal' THEN o.status = 'reserved' AND o.method = 'paypal'
    WHEN 'wise' THEN o.status = 'reserved' AND o.method = 'wise' AND NOT o.destination ? 'wise_account_id'
    WHEN 'wise_saved' THEN o.status = 'reserved' AND o.method = 'wise' AND o.destination ? 'wise_account_id'
    WHEN 'wise_iban' THEN o.status = 'reserved' AND o.method = 'bank_transfer' AND o.destination ? 'iban' END
  FROM (SELECT (fits_format.p_payout).*) AS o
$$;
COMMENT ON FUNCTION affiliate_private.fits_format(affiliate_private.payout, text) IS 'Whether a payout belongs into a file of this format: providers get what is still to be paid, and by them.';

CREATE OR REPLACE FUNCTION affiliate_private.paypal_amount(p_payout affiliate_private.payout) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_whole_units boolean := (paypal_amount.p_payout).currency IN ('HUF', 'TWD');
BEGIN
  IF v_whole_units AND (paypal_amount.p_payout).amount_minor % 100 <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409',
      MESSAGE = format('PayPal takes %s without decimals, and payout %s is %s: pay it by another method', (paypal_amount.p_payout).currency,
                       (paypal_amount.p_payout).payout_id, affiliate_private.money_text((paypal_amount.p_payout).amount_minor, (paypal_amount.p_payout).currency));
  END IF;
  RETURN CASE WHEN v_whole_units THEN ((paypal_amount.p_payout).amount_minor / 100)::text
              ELSE affiliate_private.money_text((paypal_amount.p_payout).amount_minor, (paypal_amount.p_payout).currency) END;
END
$$;
COMMENT ON FUNCTION affiliate_private.paypal_amount(affiliate_private.payout) IS 'An amount as PayPal takes it; RF409 for a fraction in the currencies that have one everywhere but there.';

CREATE OR REPLACE FUNCTION affiliate_private.payout_cells(p_payout affiliate_private.payout, p_format text, p_decimal_comma boolean) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  o         affiliate_private.payout := payout_cells.p_payout;
  v_to      jsonb := o.destination;
  v_amount  text  := affiliate_private.money_text(o.amount_minor, o.currency);
  v_type    text  := CASE v_to ->> 'recipient_type' WHEN 'business' THEN 'BUSINESS' ELSE 'PERSON' END;
  v_project text;
  v_email   text;
BEGIN
  CASE payout_cells.p_format
    WHEN 'paypal' THEN
      SELECT p.name INTO v_project FROM affiliate_private.project AS p WHERE p.project_id = o.project_id;
      v_amount := affiliate_private.paypal_amount(o);
      RETURN ARRAY[v_to ->> 'paypal_email', CASE WHEN payout_cells.p_decimal_comma THEN replace(v_amount, '.', ',') ELSE v_amount END, o.currency, o.reference,
                   affiliate_private.csv_safe(format('Affiliate earnings, %s', regexp_replace(v_project, '[\u0001-\u001f]', ' ', 'g'))), 'PAYPAL'];
    WHEN 'wise' THEN
      RETURN ARRAY[v_to ->> 'recipient_name', v_to ->> 'wise_email', o.reference, v_type, 'target', v_amount, o.currency, o.currency];
    WHEN 'wise_saved' THEN
      RETURN ARRAY[v_to ->> 'wise_account_id', v_to ->> 'recipient_name', v_to ->> 'wise_email', '', o.currency, o.currency, 'target', v_amount, o.reference, '', v_type];
    WHEN 'wise_iban' THEN
      RETURN ARRAY[v_to ->> 'recipient_name', '', o.reference, '', v_type, 'target', v_amount, o.currency, o.currency, v_to ->> 'iban'];
    ELSE
      SELECT a.email INTO v_email FROM affiliate_private.affiliate AS a WHERE a.project_id = o.project_id AND a.affiliate_id = o.affiliate_id;
      RETURN ARRAY(SELECT affiliate_private.csv_safe(c.cell) FROM unnest(
        ARRAY[o.payout_id::text, o.reference, o.status, o.affiliate_id::text, v_email, v_amount, o.currency, o.method]
        || ARRAY(SELECT v_to ->> k.name FROM unnest((affiliate_private.payout_header('csv'))[9:20]) WITH ORDINALITY AS k (name, n) ORDER BY k.n)
        || ARRAY[o.transaction_id, o.reason, affiliate_private.api_time(o.created_at), affiliate_private.api_time(o.settled_at),
                 affiliate_private.api_time(o.returned_at)]) WITH ORDINALITY AS c (cell, n) ORDER BY c.n);
  END CASE;
END
$$;
COMMENT ON FUNCTION affiliate_private.payout_cells(affiliate_private.payout, text, boolean) IS 'The cells of one payout in a file of this format. What goes to providers is as it was checked when it was set, since an apostrophe would make it wrong.';
