CREATE OR REPLACE FUNCTION affiliate.create_project(p_name text, p_currency text DEFAULT 'USD', p_hold_days integer DEFAULT 30,
                                                    p_commission_percent text DEFAULT NULL, p_commission_fixed text DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_currency   text := affiliate_private.check_currency(create_project.p_currency);
  v_project_id bigint;
  v_rule       record;
BEGIN
  PERFORM affiliate_private.check_length('name', btrim(create_project.p_name), 1, 200);
  v_rule := affiliate_private.parse_commission(create_project.p_commission_percent, create_project.p_commission_fixed, v_currency);
  INSERT INTO affiliate_private.project AS p (name, currency) VALUES (btrim(create_project.p_name), v_currency) RETURNING p.project_id INTO v_project_id;
  INSERT INTO affiliate_private.project_setting (project_id, effective_at, hold_days, rate_ppm, fixed_minor, touch_model, allow_self_referral)
  VALUES (v_project_id, clock_timestamp(), affiliate_private.check_hold_days(create_project.p_hold_days),
          coalesce(v_rule.rate_ppm, 200000), coalesce(v_rule.fixed_minor, 0), 'last', false);
  RETURN row_to_json(x) FROM (
    SELECT v_project_id AS project_id, affiliate.create_api_key(v_project_id, 'first key') ->> 'api_key' AS api_key) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.create_project(text, text, integer, text, text) IS 'Creates a project and its first API key (shown only now). Commission 20 % unless a percentage or a fixed amount is given; hold 0-365 days. RF400 for wrong values.';
