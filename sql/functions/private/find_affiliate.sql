CREATE OR REPLACE FUNCTION affiliate_private.find_affiliate(p_project_id bigint, p_email text) RETURNS affiliate_private.affiliate
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.affiliate;
BEGIN
  SELECT a.* INTO v_row FROM affiliate_private.affiliate AS a
  WHERE a.project_id = find_affiliate.p_project_id AND a.deleted_at IS NULL
    AND a.email_key = affiliate_private.fold_key(affiliate_private.check_email('email', find_affiliate.p_email));
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Affiliate not found';
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.find_affiliate(bigint, text) IS 'The live affiliate with this email; RF400 for a malformed email, RF404 for an unknown one.';
