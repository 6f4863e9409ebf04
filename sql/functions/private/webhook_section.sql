-- The "conversion" object of each payload. row_to_json prints compactly, as JSON.stringify does, and keeps this order.

CREATE OR REPLACE FUNCTION affiliate_private.project_currency(p_project_id bigint) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT p.currency FROM affiliate_private.project AS p WHERE p.project_id = project_currency.p_project_id);
END
$$;
COMMENT ON FUNCTION affiliate_private.project_currency(bigint) IS 'ISO 4217 code of a project''s balances.';

CREATE OR REPLACE FUNCTION affiliate_private.converted_section(p_conversion affiliate_private.conversion) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT 'conv_' || c.conversion_id AS id, affiliate_private.money_number(c.base_minor, c.currency) AS amount, c.currency AS currency,
           affiliate_private.money_number(c.commission_minor, p.currency) AS commission_amount,
           r.commission_type, r.commission_rate, s.provider AS payment_processor,
           CASE WHEN cardinality(s.line_product) = 1 THEN nullif((affiliate_private.sale_products(s))[1], '') END AS product_id,
           c.reference AS order_id, affiliate_private.webhook_time(c.occurred_at) AS conversion_date
    FROM (SELECT (converted_section.p_conversion).*) AS c
    JOIN affiliate_private.project AS p ON p.project_id = c.project_id
    LEFT JOIN affiliate_private.sale AS s ON s.project_id = c.project_id AND s.sale_id = c.sale_id
    CROSS JOIN LATERAL (
      -- What the owner said it pays is no percentage of anything.
      SELECT CASE WHEN c.value_override_minor IS NOT NULL OR max(l.fixed_minor) > 0 THEN 'fixed' ELSE 'percentage' END AS commission_type,
             CASE WHEN c.value_override_minor IS NOT NULL THEN affiliate_private.money_number(c.value_override_minor, p.currency)
                  WHEN max(l.fixed_minor) = 0 AND min(l.rate_ppm) = max(l.rate_ppm) THEN trim_scale(max(l.rate_ppm) * 0.0001)
                  WHEN max(l.rate_ppm) = 0 THEN affiliate_private.money_number(sum(l.fixed_minor)::bigint, p.currency) END AS commission_rate
      FROM unnest(c.line_rate_ppm, c.line_fixed_minor) AS l (rate_ppm, fixed_minor)) AS r
  ) AS x
$$;
COMMENT ON FUNCTION affiliate_private.converted_section(affiliate_private.conversion) IS 'conversion of referral_converted; commission_rate is a percentage, the fixed amount, or null where lines differ.';

CREATE OR REPLACE FUNCTION affiliate_private.canceled_section(p_conversion affiliate_private.conversion, p_refund_minor bigint, p_reason text) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT 'conv_' || c.conversion_id AS id, affiliate_private.money_number(c.base_minor, c.currency) AS amount,
           affiliate_private.money_number(c.commission_minor, affiliate_private.project_currency(c.project_id)) AS commission_amount,
           affiliate_private.money_number(canceled_section.p_refund_minor, c.currency) AS refund_amount,
           affiliate_private.money_number(c.refunded_minor, c.currency) AS refunded_total,
           canceled_section.p_reason AS reason, affiliate_private.webhook_time(clock_timestamp()) AS canceled_date
    FROM (SELECT (canceled_section.p_conversion).*) AS c
  ) AS x
$$;
COMMENT ON FUNCTION affiliate_private.canceled_section(affiliate_private.conversion, bigint, text) IS 'conversion of referral_canceled; refund_amount is this refund''s amount, refunded_total all of them.';

CREATE OR REPLACE FUNCTION affiliate_private.updated_section(p_conversion affiliate_private.conversion) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT 'conv_' || c.conversion_id AS id, affiliate_private.money_number(c.base_minor, c.currency) AS amount,
           affiliate_private.money_number(affiliate_private.in_usd(c.project_id, c.commission_minor, p.currency, c.occurred_at), 'USD') AS amount_usd,
           affiliate_private.money_number(c.commission_minor, p.currency) AS commission_amount,
           affiliate_private.money_number(c.base_minor, c.currency) AS base_value,
           affiliate_private.webhook_time(c.occurred_at) AS conversion_date, c.reference AS reference
    FROM (SELECT (updated_section.p_conversion).*) AS c
    JOIN affiliate_private.project AS p ON p.project_id = c.project_id
  ) AS x
$$;
COMMENT ON FUNCTION affiliate_private.updated_section(affiliate_private.conversion) IS 'conversion of referral_updated; amount_usd is the commission in USD, null where no rate is known.';

CREATE OR REPLACE FUNCTION affiliate_private.in_usd(p_project_id bigint, p_minor bigint, p_currency text, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- The rate that is known is the price of a dollar.
  RETURN round(in_usd.p_minor * 1000000000::numeric / nullif(affiliate_private.fx_ppb_at(in_usd.p_project_id, 'USD', in_usd.p_currency, in_usd.p_at), 0));
END
$$;
COMMENT ON FUNCTION affiliate_private.in_usd(bigint, bigint, text, timestamptz) IS 'An amount in the project''s currency in US cents, by the rate in force at a moment; NULL where none is known.';

CREATE OR REPLACE FUNCTION affiliate_private.signed_up_section(p_project_id bigint, p_affiliate_id bigint, p_signed_up_at timestamptz,
                                                               p_user_agent text, p_ip_address text) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT a.referral_code AS referral_code, affiliate_private.webhook_time(signed_up_section.p_signed_up_at) AS signup_date,
           signed_up_section.p_user_agent AS user_agent, signed_up_section.p_ip_address AS ip_address
    FROM affiliate_private.affiliate AS a
    WHERE a.project_id = signed_up_section.p_project_id AND a.affiliate_id = signed_up_section.p_affiliate_id) AS x
$$;
COMMENT ON FUNCTION affiliate_private.signed_up_section(bigint, bigint, timestamptz, text, text) IS 'data of referral_signed_up; user agent and IP address are null for a sign-up that did not come from a browser.';
