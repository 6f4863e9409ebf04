CREATE OR REPLACE FUNCTION affiliate_private.refer_user(p_project_id bigint, p_email text, p_affiliate_id bigint, p_occurred_at timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_status text := CASE WHEN refer_user.p_affiliate_id IS NULL THEN 'direct' ELSE 'converted' END;
  v_id     bigint;
BEGIN
  IF refer_user.p_email IS NULL THEN
    RETURN NULL;
  END IF;
  INSERT INTO affiliate_private.referred_user AS r (project_id, email, email_key, affiliate_id, conversion_status, conversion_date)
  VALUES (refer_user.p_project_id, refer_user.p_email, affiliate_private.fold_key(refer_user.p_email), refer_user.p_affiliate_id, v_status, refer_user.p_occurred_at)
  ON CONFLICT (project_id, email_key) WHERE deleted_at IS NULL DO UPDATE
    SET affiliate_id = coalesce(excluded.affiliate_id, r.affiliate_id),
        conversion_status = CASE WHEN coalesce(excluded.affiliate_id, r.affiliate_id) IS NULL THEN 'direct' ELSE 'converted' END,
        conversion_date = least(r.conversion_date, excluded.conversion_date)
    WHERE r.affiliate_id IS DISTINCT FROM coalesce(excluded.affiliate_id, r.affiliate_id)
       OR r.conversion_status NOT IN ('direct', 'converted') OR r.conversion_date IS NULL OR excluded.conversion_date < r.conversion_date
  RETURNING r.referred_user_id INTO v_id;
  IF v_id IS NULL THEN
    SELECT r.referred_user_id INTO v_id FROM affiliate_private.referred_user AS r
    WHERE r.project_id = refer_user.p_project_id AND r.email_key = affiliate_private.fold_key(refer_user.p_email) AND r.deleted_at IS NULL;
  END IF;
  RETURN v_id;
END
$$;
COMMENT ON FUNCTION affiliate_private.refer_user(bigint, text, bigint, timestamptz) IS 'The referred user of an email who bought: created, or moved on to converted (direct where no affiliate is credited).';
