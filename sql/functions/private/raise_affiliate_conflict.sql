CREATE OR REPLACE FUNCTION affiliate_private.raise_affiliate_conflict(p_constraint text) RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = CASE raise_affiliate_conflict.p_constraint
    WHEN 'affiliate_email_live_key' THEN 'An affiliate with this email already exists in this project'
    WHEN 'affiliate_referral_code_live_key' THEN 'This referral code already exists in this project'
    ELSE 'This partner slug already exists in this project' END;
END
$$;
COMMENT ON FUNCTION affiliate_private.raise_affiliate_conflict(text) IS 'RF409 saying which of an affiliate''s unique values is taken.';
