-- Commission rules narrower than the project's, as they are in force now.

CREATE OR REPLACE FUNCTION affiliate_private.product_commission_json(p_rule affiliate_private.product_rule, p_currency text) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT r.provider, r.product_key, CASE WHEN r.fixed_minor = 0 THEN trim_scale(r.rate_ppm * 0.0001) END AS commission_percent,
           CASE WHEN r.fixed_minor > 0 THEN affiliate_private.money_number(r.fixed_minor, product_commission_json.p_currency) END AS commission_fixed,
           affiliate_private.api_time(r.effective_at) AS effective_at
    FROM (SELECT (product_commission_json.p_rule).*) AS r) AS x
$$;
COMMENT ON FUNCTION affiliate_private.product_commission_json(affiliate_private.product_rule, text) IS 'A product''s commission as the API prints it.';

CREATE OR REPLACE FUNCTION affiliate_private.product_rules(p_project_id bigint, p_at timestamptz) RETURNS SETOF affiliate_private.product_rule
LANGUAGE sql STABLE AS $$
  SELECT r.* FROM (
    SELECT DISTINCT ON (v.provider, v.product_key) v.* FROM affiliate_private.product_rule AS v
    WHERE v.project_id = product_rules.p_project_id AND v.effective_at <= product_rules.p_at
    ORDER BY v.provider, v.product_key, v.effective_at DESC, v.version_id DESC) AS r
  WHERE r.rate_ppm IS NOT NULL
$$;
COMMENT ON FUNCTION affiliate_private.product_rules(bigint, timestamptz) IS 'The commission of every product that has one at a moment; picks the versions product_rule_at picks.';

CREATE OR REPLACE FUNCTION affiliate_private.find_product_rule(p_project_id bigint, p_provider text, p_product_key text) RETURNS affiliate_private.product_rule
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.product_rule;
BEGIN
  SELECT r.* INTO v_row FROM affiliate_private.product_rules(find_product_rule.p_project_id, clock_timestamp()) AS r
  WHERE r.provider = find_product_rule.p_provider AND r.product_key = find_product_rule.p_product_key;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'This product has no commission of its own';
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.find_product_rule(bigint, text, text) IS 'A product''s commission in force now; RF404 where it has none.';

CREATE OR REPLACE FUNCTION affiliate_private.find_affiliate_rule(p_affiliate affiliate_private.affiliate) RETURNS affiliate_private.affiliate_rule
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.affiliate_rule;
BEGIN
  SELECT v.* INTO v_row FROM affiliate_private.affiliate_rule AS v
  WHERE v.project_id = (find_affiliate_rule.p_affiliate).project_id AND v.affiliate_id = (find_affiliate_rule.p_affiliate).affiliate_id
    AND v.effective_at <= clock_timestamp()
  ORDER BY v.effective_at DESC, v.version_id DESC LIMIT 1;
  IF v_row.rate_ppm IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'This affiliate has no commission of its own';
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.find_affiliate_rule(affiliate_private.affiliate) IS 'An affiliate''s own commission in force now; RF404 where it has none.';

CREATE OR REPLACE FUNCTION affiliate_private.affiliate_commission_json(p_affiliate affiliate_private.affiliate, p_rule affiliate_private.affiliate_rule) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT r.affiliate_id, (affiliate_commission_json.p_affiliate).email AS user_email,
           CASE WHEN r.fixed_minor = 0 THEN trim_scale(r.rate_ppm * 0.0001) END AS commission_percent,
           CASE WHEN r.fixed_minor > 0 THEN affiliate_private.money_number(r.fixed_minor, affiliate_private.project_currency(r.project_id)) END AS commission_fixed,
           affiliate_private.api_time(r.effective_at) AS effective_at
    FROM (SELECT (affiliate_commission_json.p_rule).*) AS r) AS x
$$;
COMMENT ON FUNCTION affiliate_private.affiliate_commission_json(affiliate_private.affiliate, affiliate_private.affiliate_rule) IS 'An affiliate''s own commission as the API prints it.';

CREATE OR REPLACE FUNCTION affiliate_private.check_commission_given(p_args jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF num_nonnulls(check_commission_given.p_args ->> 'commission_percent', check_commission_given.p_args ->> 'commission_fixed') <> 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'give either commission_percent or commission_fixed: one of them';
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_commission_given(jsonb) IS 'RF400 unless a request has exactly one of commission_percent and commission_fixed.';
