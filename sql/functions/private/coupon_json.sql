CREATE OR REPLACE FUNCTION affiliate_private.coupon_json(p_coupon affiliate_private.coupon) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT c.coupon_id AS id, c.project_id, c.affiliate_id, c.coupon_code, c.stripe_coupon_id, c.lemonsqueezy_discount_code, c.status,
           affiliate_private.api_time(c.created_at) AS created_at, affiliate_private.api_time(c.updated_at) AS updated_at,
           a.email AS affiliate_email, a.referral_code AS affiliate_referral_code
    FROM (SELECT (coupon_json.p_coupon).*) AS c
    JOIN affiliate_private.affiliate AS a ON a.project_id = c.project_id AND a.affiliate_id = c.affiliate_id) AS x
$$;
COMMENT ON FUNCTION affiliate_private.coupon_json(affiliate_private.coupon) IS 'A coupon as the API prints it, with its affiliate''s email and referral code.';
