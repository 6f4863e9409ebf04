CREATE OR REPLACE FUNCTION affiliate_private.check_affiliate(p_project_id bigint, p_affiliate_id bigint) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF check_affiliate.p_affiliate_id IS NOT NULL AND NOT EXISTS (
       SELECT FROM affiliate_private.affiliate AS a
       WHERE a.project_id = check_affiliate.p_project_id AND a.affiliate_id = check_affiliate.p_affiliate_id AND a.deleted_at IS NULL) THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Affiliate not found';
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_affiliate(bigint, bigint) IS 'RF404 unless the project has this live affiliate (NULL is nobody, which is fine).';
