CREATE OR REPLACE FUNCTION affiliate_private.find_coupon(p_project_id bigint, p_coupon_id bigint) RETURNS affiliate_private.coupon
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.coupon;
BEGIN
  SELECT c.* INTO v_row FROM affiliate_private.coupon AS c
  WHERE c.project_id = find_coupon.p_project_id AND c.coupon_id = find_coupon.p_coupon_id AND c.deleted_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Coupon not found';
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.find_coupon(bigint, bigint) IS 'The live coupon with this id; RF404 for an unknown one.';
