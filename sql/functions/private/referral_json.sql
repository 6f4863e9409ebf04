CREATE OR REPLACE FUNCTION affiliate_private.referral_json(p_user affiliate_private.referred_user) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT (referral_json.p_user).referred_user_id AS id, (referral_json.p_user).email AS user_email, (referral_json.p_user).affiliate_id AS affiliate_id,
           (referral_json.p_user).conversion_status AS conversion_status,
           affiliate_private.api_time((referral_json.p_user).conversion_date) AS conversion_date,
           affiliate_private.api_time((referral_json.p_user).created_at) AS created_at) AS x
$$;
COMMENT ON FUNCTION affiliate_private.referral_json(affiliate_private.referred_user) IS 'A referred user as create and update answer.';

CREATE OR REPLACE FUNCTION affiliate_private.referral_details_json(p_user affiliate_private.referred_user) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT (referral_details_json.p_user).referred_user_id AS id, (referral_details_json.p_user).email AS user_email,
           (referral_details_json.p_user).conversion_status AS conversion_status,
           affiliate_private.api_time((referral_details_json.p_user).conversion_date) AS conversion_date,
           affiliate_private.api_time((referral_details_json.p_user).created_at) AS created_at,
           (referral_details_json.p_user).affiliate_id AS affiliate_id,
           (SELECT a.referral_code FROM affiliate_private.affiliate AS a
            WHERE a.project_id = (referral_details_json.p_user).project_id AND a.affiliate_id = (referral_details_json.p_user).affiliate_id) AS affiliate_code) AS x
$$;
COMMENT ON FUNCTION affiliate_private.referral_details_json(affiliate_private.referred_user) IS 'A referred user as list and retrieve answer: with the affiliate''s code.';
