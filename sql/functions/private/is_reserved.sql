CREATE OR REPLACE FUNCTION affiliate_private.is_reserved(p_conversion affiliate_private.conversion) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM affiliate_private.payout_line AS l
                 WHERE l.project_id = (is_reserved.p_conversion).project_id AND l.conversion_id = (is_reserved.p_conversion).conversion_id AND l.reserved);
END
$$;
COMMENT ON FUNCTION affiliate_private.is_reserved(affiliate_private.conversion) IS 'Whether a conversion is in a payout that is still open. Whoever holds lock_inputs can rely on it: payouts are reserved and settled with it held exclusively.';

CREATE OR REPLACE FUNCTION affiliate_private.check_not_reserved(p_conversion affiliate_private.conversion) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF affiliate_private.is_reserved(check_not_reserved.p_conversion) THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409',
      MESSAGE = format('Conversion %s is in an open payout: confirm, fail or cancel that first', (check_not_reserved.p_conversion).conversion_id);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_not_reserved(affiliate_private.conversion) IS 'RF409 for a conversion in an open payout, which the owner may neither edit nor delete.';
