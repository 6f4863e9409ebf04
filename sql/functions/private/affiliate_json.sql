CREATE OR REPLACE FUNCTION affiliate_private.affiliate_json(p_affiliate affiliate_private.affiliate) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT (affiliate_json.p_affiliate).affiliate_id AS id, (affiliate_json.p_affiliate).email AS user_email,
           (affiliate_json.p_affiliate).referral_code AS referral_code, NULL AS unpaid_earnings, NULL AS total_earnings,
           affiliate_private.api_time((affiliate_json.p_affiliate).created_at) AS created_at, (affiliate_json.p_affiliate).status AS status) AS x
$$;
COMMENT ON FUNCTION affiliate_private.affiliate_json(affiliate_private.affiliate) IS 'An affiliate as create and update answer: without calculated figures.';

CREATE OR REPLACE FUNCTION affiliate_private.affiliate_stats_json(p_affiliate affiliate_private.affiliate, p_currency text) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT (affiliate_stats_json.p_affiliate).affiliate_id AS id, (affiliate_stats_json.p_affiliate).email AS user_email,
           (affiliate_stats_json.p_affiliate).referral_code AS referral_code,
           affiliate_private.api_time((affiliate_stats_json.p_affiliate).created_at) AS created_at, (affiliate_stats_json.p_affiliate).status AS status,
           b.clicks, b.signups, b.purchases,
           affiliate_private.money_text(b.eligible_minor + b.held_minor, affiliate_stats_json.p_currency) AS unpaid_earnings,
           affiliate_private.money_text(b.total_minor, affiliate_stats_json.p_currency) AS total_earnings,
           affiliate_private.money_text(b.eligible_minor, affiliate_stats_json.p_currency) AS eligible_earnings,
           affiliate_private.money_text(b.held_minor, affiliate_stats_json.p_currency) AS held_earnings,
           affiliate_private.api_time(b.next_release_at) AS next_release_date
    FROM affiliate_private.affiliate_balance AS b
    WHERE b.project_id = (affiliate_stats_json.p_affiliate).project_id AND b.affiliate_id = (affiliate_stats_json.p_affiliate).affiliate_id) AS x
$$;
COMMENT ON FUNCTION affiliate_private.affiliate_stats_json(affiliate_private.affiliate, text) IS 'An affiliate as list and retrieve answer: with counts and earnings as of now.';
