CREATE OR REPLACE FUNCTION affiliate.explain_conversion(p_conversion_id bigint) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row      affiliate_private.conversion;
  v_sale     affiliate_private.sale;
  v_currency text;
  v_reversed bigint;
BEGIN
  SELECT c.* INTO v_row
  FROM affiliate_private.project AS p
  JOIN affiliate_private.conversion AS c ON c.project_id = p.project_id AND c.conversion_id = explain_conversion.p_conversion_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Conversion not found';
  END IF;
  SELECT s.* INTO v_sale FROM affiliate_private.sale AS s WHERE s.project_id = v_row.project_id AND s.sale_id = v_row.sale_id;
  v_currency := affiliate_private.project_currency(v_row.project_id);
  v_reversed := CASE WHEN v_row.deleted_at IS NULL THEN affiliate_private.reversed_minor(v_row) ELSE v_row.commission_minor END;
  RETURN row_to_json(x) FROM (
    SELECT v_row.project_id AS project_id, v_row.conversion_id AS conversion_id, v_row.type AS type, v_row.deleted_at AS deleted_at,
           (SELECT row_to_json(y) FROM (
             SELECT v_sale.provider AS provider, v_sale.sale_key AS key,
                    affiliate_private.payment_component(v_sale.project_id, v_sale.provider, ARRAY[v_sale.sale_key]) AS ids,
                    v_sale.subscription_key AS subscription, v_sale.occurred_at AS occurred_at, v_sale.currency AS currency,
                    affiliate_private.money_number(v_sale.gross_minor, v_sale.currency) AS gross,
                    affiliate_private.money_number(v_sale.base_minor, v_sale.currency) AS net) AS y) AS sale,
           affiliate_private.explain_evidence(v_sale, v_row) AS evidence,
           (SELECT row_to_json(y) FROM (
             SELECT a.affiliate_id, a.email, v_row.attribution_source AS source, v_row.contested_affiliate_id AS contested_by
             FROM affiliate_private.affiliate AS a
             WHERE a.project_id = v_row.project_id AND a.affiliate_id = v_row.affiliate_id) AS y) AS credited,
           (SELECT row_to_json(y) FROM (
             SELECT v_row.rule_source AS source, affiliate_private.explain_rule(v_sale, v_row) AS why,
                    CASE WHEN v_row.affiliate_id IS NOT NULL THEN
                      trim_scale(v_row.fx_ppb * 0.000000001 * 10::numeric ^ (affiliate_private.currency_exponent(v_row.currency)
                                                                             - affiliate_private.currency_exponent(v_currency))) END AS exchange_rate,
                    affiliate_private.explain_lines(v_sale, v_row, v_currency) AS lines) AS y) AS rule,
           (SELECT row_to_json(y) FROM (
             SELECT a.affiliate_id, a.email, trim_scale(v_row.tier_rate_ppm * 0.0001) AS percent, affiliate_private.money_number(v_row.tier_fixed_minor, v_currency) AS fixed,
                    affiliate_private.money_number(v_row.tier_minor, v_currency) AS commission,
                    affiliate_private.money_number(affiliate_private.reversed_part(v_row, v_row.tier_minor), v_currency) AS reversed
             FROM affiliate_private.affiliate AS a
             WHERE a.project_id = v_row.project_id AND a.affiliate_id = v_row.parent_affiliate_id) AS y) AS parent,
           (SELECT row_to_json(y) FROM (SELECT v_row.hold_days AS days, v_row.release_at AS release_at, v_row.paid AS paid) AS y) AS hold,
           (SELECT coalesce(json_agg(row_to_json(y) ORDER BY y.occurred_at), '[]'::json) FROM (
             SELECT r.refund_key AS key, r.mode, affiliate_private.money_number(r.amount_minor, r.currency) AS amount, r.void, r.occurred_at
             FROM affiliate_private.refund AS r
             WHERE r.project_id = v_sale.project_id AND r.provider = v_sale.provider
               AND r.alias_key = ANY (affiliate_private.payment_component(v_sale.project_id, v_sale.provider, ARRAY[v_sale.sale_key]))) AS y) AS refunds,
           (SELECT row_to_json(y) FROM (
             SELECT v_currency AS currency, affiliate_private.money_number(v_row.commission_minor, v_currency) AS commission,
                    affiliate_private.money_number(v_row.refunded_minor, v_row.currency) AS refunded,
                    affiliate_private.money_number(v_row.refund_basis_minor, v_row.currency) AS refund_basis,
                    affiliate_private.money_number(v_reversed, v_currency) AS reversed,
                    affiliate_private.money_number(v_row.commission_minor - v_reversed, v_currency) AS value,
                    v_row.canceled AS reversed_by_cancellation) AS y) AS result,
           (SELECT coalesce(json_agg(row_to_json(y) ORDER BY y.entry_id), '[]'::json) FROM (
             SELECT e.entry_id, e.affiliate_id, e.kind, affiliate_private.money_number(e.amount_minor, e.currency) AS amount, e.release_at, e.booked_at
             FROM affiliate_private.ledger_entry AS e
             WHERE e.project_id = v_row.project_id AND e.conversion_id = v_row.conversion_id) AS y) AS ledger) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.explain_conversion(bigint) IS 'Why a conversion pays what it pays and to whom: the sale, every piece of evidence with its verdict, the rule and its source, the arithmetic per line, the exchange rate, the parent''s part, hold, refunds and ledger entries. Amounts are decimals. RF404 for an unknown id.';
