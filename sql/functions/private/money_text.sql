CREATE OR REPLACE FUNCTION affiliate_private.money_decimal(p_minor bigint, p_currency text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE affiliate_private.currency_exponent(money_decimal.p_currency)
    WHEN 0 THEN money_decimal.p_minor::numeric
    WHEN 3 THEN money_decimal.p_minor * 0.001
    ELSE money_decimal.p_minor * 0.01
  END
$$;
COMMENT ON FUNCTION affiliate_private.money_decimal(bigint, text) IS 'Minor units as a decimal amount with all of the currency''s decimals.';

CREATE OR REPLACE FUNCTION affiliate_private.money_text(p_minor bigint, p_currency text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT affiliate_private.money_decimal(money_text.p_minor, money_text.p_currency)::text
$$;
COMMENT ON FUNCTION affiliate_private.money_text(bigint, text) IS 'Minor units as the API''s string form: "50.00", JPY "50", KWD "50.000".';

CREATE OR REPLACE FUNCTION affiliate_private.money_number(p_minor bigint, p_currency text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT trim_scale(affiliate_private.money_decimal(money_number.p_minor, money_number.p_currency))
$$;
COMMENT ON FUNCTION affiliate_private.money_number(bigint, text) IS 'Minor units as the API''s number form, as JSON.stringify prints it: 12.5, 250.';
