CREATE OR REPLACE FUNCTION affiliate_private.level_json(p_level affiliate_private.commission_level, p_currency text) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT (level_json.p_level).level_id AS id, (level_json.p_level).name AS name, (level_json.p_level).position AS position,
           CASE WHEN v.fixed_minor = 0 THEN trim_scale(v.rate_ppm * 0.0001) END AS commission_percent,
           CASE WHEN v.fixed_minor > 0 THEN affiliate_private.money_number(v.fixed_minor, level_json.p_currency) END AS commission_fixed,
           v.commission_duration, v.commission_months,
           CASE WHEN v.goal = 'earned' THEN affiliate_private.money_number(v.goal_minimum, level_json.p_currency) END AS minimum_earned,
           CASE WHEN v.goal = 'referrals' THEN v.goal_minimum END AS minimum_referrals, v.goal_period AS period,
           affiliate_private.api_time(v.effective_at) AS effective_at
    FROM affiliate_private.level_version_at((level_json.p_level).project_id, (level_json.p_level).level_id, 'infinity') AS v) AS x
$$;
COMMENT ON FUNCTION affiliate_private.level_json(affiliate_private.commission_level, text) IS 'A commission level as the API prints it.';

CREATE OR REPLACE FUNCTION affiliate_private.affiliate_level_json(p_affiliate affiliate_private.affiliate) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT (affiliate_level_json.p_affiliate).affiliate_id AS affiliate_id, (affiliate_level_json.p_affiliate).email AS user_email,
           l.level_id, l.name AS level_name, NOT coalesce(v.by_hand, false) AS automatic, affiliate_private.api_time(v.effective_at) AS since
    FROM affiliate_private.affiliate_level_at((affiliate_level_json.p_affiliate).project_id, (affiliate_level_json.p_affiliate).affiliate_id, 'infinity') AS v
    LEFT JOIN affiliate_private.commission_level AS l ON l.project_id = v.project_id AND l.level_id = v.level_id) AS x
$$;
COMMENT ON FUNCTION affiliate_private.affiliate_level_json(affiliate_private.affiliate) IS 'The level of an affiliate as the API prints it.';

CREATE OR REPLACE FUNCTION affiliate_private.affiliate_parent_json(p_affiliate affiliate_private.affiliate) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT (affiliate_parent_json.p_affiliate).affiliate_id AS affiliate_id, (affiliate_parent_json.p_affiliate).email AS user_email,
           p.affiliate_id AS parent_id, p.email AS parent_email, CASE WHEN p.affiliate_id IS NOT NULL THEN affiliate_private.api_time(affiliate_private.parent_since(v)) END AS since
    FROM affiliate_private.parent_at((affiliate_parent_json.p_affiliate).project_id, (affiliate_parent_json.p_affiliate).affiliate_id, 'infinity') AS v
    LEFT JOIN affiliate_private.affiliate AS p ON p.project_id = v.project_id AND p.affiliate_id = v.parent_affiliate_id AND p.deleted_at IS NULL) AS x
$$;
COMMENT ON FUNCTION affiliate_private.affiliate_parent_json(affiliate_private.affiliate) IS 'The parent of an affiliate as the API prints it.';
