CREATE OR REPLACE FUNCTION affiliate_private.parse_money(p_name text, p_amount text, p_currency text) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_exponent integer := affiliate_private.currency_exponent(parse_money.p_currency);
  v_minor    numeric;
BEGIN
  IF parse_money.p_amount IS NULL THEN
    RETURN NULL;
  END IF;
  IF length(parse_money.p_amount) > 40 OR parse_money.p_amount !~ '^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?$' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = format('%s must be a decimal number such as 49.99, got "%s"', parse_money.p_name, left(parse_money.p_amount, 40));
  END IF;
  v_minor := affiliate_private.whole_number(parse_money.p_amount::numeric * 10::numeric ^ v_exponent);
  IF v_minor IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = format('%s has more decimals than %s allows (%s), got %s', parse_money.p_name, parse_money.p_currency, v_exponent, parse_money.p_amount);
  END IF;
  IF v_minor < 0 OR v_minor > 9000000000000 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = format('%s must be between 0 and %s %s, got %s', parse_money.p_name,
                       affiliate_private.money_text(9000000000000, parse_money.p_currency), parse_money.p_currency, parse_money.p_amount);
  END IF;
  RETURN v_minor::bigint;
END
$$;
COMMENT ON FUNCTION affiliate_private.parse_money(text, text, text) IS 'A decimal amount as minor units of the currency, exactly but for the last digits of a binary floating-point number; RF400 naming the field for anything else, too many decimals, negative or above 9x10^12 minor units.';
