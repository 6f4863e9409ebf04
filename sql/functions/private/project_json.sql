CREATE OR REPLACE FUNCTION affiliate_private.change_project(p_project affiliate_private.project) RETURNS void
LANGUAGE sql VOLATILE AS $$
  UPDATE affiliate_private.project AS p
  SET name = (change_project.p_project).name, currency = (change_project.p_project).currency,
      payout_minimum_minor = (change_project.p_project).payout_minimum_minor, payout_approval = (change_project.p_project).payout_approval
  WHERE p.project_id = (change_project.p_project).project_id AND p IS DISTINCT FROM change_project.p_project
$$;
COMMENT ON FUNCTION affiliate_private.change_project(affiliate_private.project) IS 'Writes a project''s name, currency and payout settings.';

CREATE OR REPLACE FUNCTION affiliate_private.project_json(p_project_id bigint, p_at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT p.project_id, p.name, p.currency, s.hold_days,
           CASE WHEN s.fixed_minor = 0 THEN trim_scale(s.rate_ppm * 0.0001) END AS commission_percent,
           CASE WHEN s.fixed_minor > 0 THEN affiliate_private.money_number(s.fixed_minor, p.currency) END AS commission_fixed,
           s.commission_duration, s.commission_months, s.recurring_commission, s.upgrade_commission, s.commission_base, s.on_cancel,
           s.touch_model, s.allow_self_referral,
           CASE WHEN s.tier_fixed_minor = 0 THEN trim_scale(s.tier_rate_ppm * 0.0001) END AS tier_percent,
           CASE WHEN s.tier_fixed_minor > 0 THEN affiliate_private.money_number(s.tier_fixed_minor, p.currency) END AS tier_fixed, coalesce(s.tier_months, 0) AS tier_months,
           affiliate_private.money_number(p.payout_minimum_minor, p.currency) AS payout_minimum, p.payout_approval
    FROM affiliate_private.project AS p, affiliate_private.setting_at(p.project_id, project_json.p_at) AS s
    WHERE p.project_id = project_json.p_project_id) AS x
$$;
COMMENT ON FUNCTION affiliate_private.project_json(bigint, timestamptz) IS 'A project and the settings in force at a moment, by their documented names.';
