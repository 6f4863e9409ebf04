CREATE OR REPLACE FUNCTION affiliate_private.parse_commission(p_percent text, p_fixed text, p_currency text, p_name text DEFAULT 'commission',
                                                              OUT rate_ppm bigint, OUT fixed_minor bigint)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_ppm numeric;
BEGIN
  IF parse_commission.p_percent IS NOT NULL AND parse_commission.p_fixed IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('give either %1$s_percent or %1$s_fixed, not both', parse_commission.p_name);
  ELSIF parse_commission.p_percent IS NOT NULL THEN
    IF length(parse_commission.p_percent) <= 40 AND parse_commission.p_percent ~ '^[0-9]+(\.[0-9]+)?$' THEN
      v_ppm := affiliate_private.whole_number(parse_commission.p_percent::numeric * 10000);
    END IF;
    IF v_ppm IS NULL OR v_ppm > 1000000 THEN
      RAISE EXCEPTION USING ERRCODE = 'RF400',
        MESSAGE = format('%s_percent must be between 0 and 100 with at most four decimals, got "%s"', parse_commission.p_name, left(parse_commission.p_percent, 40));
    END IF;
    rate_ppm    := v_ppm::bigint;
    fixed_minor := 0;
  ELSIF parse_commission.p_fixed IS NOT NULL THEN
    rate_ppm    := 0;
    fixed_minor := affiliate_private.parse_money(parse_commission.p_name || '_fixed', parse_commission.p_fixed, parse_commission.p_currency);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.parse_commission(text, text, text, text) IS 'A commission rule from its written form: percent to parts per million, or a fixed amount to minor units of the currency; both NULL where neither is given. RF400 naming <p_name>_percent or <p_name>_fixed.';

CREATE OR REPLACE FUNCTION affiliate_private.check_hold_days(p_hold_days integer) RETURNS integer
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF check_hold_days.p_hold_days IS NULL OR check_hold_days.p_hold_days NOT BETWEEN 0 AND 365 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('hold_days must be between 0 and 365, got %s', coalesce(check_hold_days.p_hold_days::text, 'nothing'));
  END IF;
  RETURN check_hold_days.p_hold_days;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_hold_days(integer) IS 'Hold in days, 0-365; RF400 otherwise.';
