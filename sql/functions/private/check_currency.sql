CREATE OR REPLACE FUNCTION affiliate_private.check_currency(p_currency text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_currency text := upper(btrim(check_currency.p_currency) COLLATE "C");
BEGIN
  IF affiliate_private.currency_exponent(v_currency) IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = format('unknown currency "%s": use an ISO 4217 code such as USD', left(check_currency.p_currency, 20));
  END IF;
  RETURN v_currency;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_currency(text) IS 'The currency code in upper case; RF400 for a code ISO 4217 does not have.';
