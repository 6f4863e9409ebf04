CREATE OR REPLACE FUNCTION affiliate.set_project(p_project_id bigint, p_settings json DEFAULT '{}', p_effective_at timestamptz DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_project  affiliate_private.project;
  v_currency text;
  v_new      affiliate_private.project_setting;
  v_at       timestamptz;
  v_key      text;
  v_value    text;
  v_rule     record;
BEGIN
  PERFORM affiliate_private.lock_inputs(set_project.p_project_id, true);
  v_project := affiliate_private.check_project(set_project.p_project_id);
  v_at      := coalesce(set_project.p_effective_at, clock_timestamp());
  v_new     := affiliate_private.setting_at(v_project.project_id, v_at);
  -- First, as amounts are read in it.
  v_currency := affiliate_private.check_currency(coalesce(set_project.p_settings ->> 'currency', v_project.currency));
  IF v_currency <> v_project.currency THEN
    PERFORM affiliate_private.check_currency_change(v_project, set_project.p_settings);
    v_project.currency := v_currency;
  END IF;
  FOR v_key, v_value IN SELECT s.key, s.value FROM json_each_text(set_project.p_settings) AS s LOOP
    CASE v_key
      WHEN 'name' THEN v_project.name := affiliate_private.check_length(v_key, btrim(v_value), 1, 200);
      WHEN 'currency' THEN NULL;
      WHEN 'payout_minimum' THEN v_project.payout_minimum_minor := coalesce(affiliate_private.parse_money(v_key, v_value, v_project.currency), 0);
      WHEN 'payout_approval' THEN v_project.payout_approval := affiliate_private.check_setting(v_key, v_value, '^(manual|automatic)$', '"manual" or "automatic"');
      WHEN 'hold_days' THEN
        v_new.hold_days := affiliate_private.check_hold_days(affiliate_private.check_setting(v_key, v_value, '^[0-9]{1,3}$', 'a whole number between 0 and 365')::integer);
      WHEN 'commission_percent' THEN
        v_rule := affiliate_private.parse_commission(v_value, NULL, v_project.currency);
        v_new.rate_ppm := v_rule.rate_ppm; v_new.fixed_minor := v_rule.fixed_minor;
      WHEN 'commission_fixed' THEN
        v_rule := affiliate_private.parse_commission(set_project.p_settings ->> 'commission_percent', v_value, v_project.currency);
        v_new.rate_ppm := v_rule.rate_ppm; v_new.fixed_minor := v_rule.fixed_minor;
      WHEN 'tier_percent' THEN
        v_rule := affiliate_private.parse_commission(v_value, NULL, v_project.currency, 'tier');
        v_new.tier_rate_ppm := v_rule.rate_ppm; v_new.tier_fixed_minor := v_rule.fixed_minor;
      WHEN 'tier_fixed' THEN
        v_rule := affiliate_private.parse_commission(set_project.p_settings ->> 'tier_percent', v_value, v_project.currency, 'tier');
        v_new.tier_rate_ppm := v_rule.rate_ppm; v_new.tier_fixed_minor := v_rule.fixed_minor;
      ELSE v_new := affiliate_private.change_setting(v_new, v_key, v_value);
    END CASE;
  END LOOP;
  v_new := affiliate_private.fit_duration(v_new, set_project.p_settings);
  PERFORM affiliate_private.change_project(v_project);
  IF v_new IS DISTINCT FROM affiliate_private.setting_at(v_project.project_id, v_at) THEN
    INSERT INTO affiliate_private.project_setting
      (project_id, effective_at, hold_days, rate_ppm, fixed_minor, touch_model, allow_self_referral, commission_duration, commission_months,
       recurring_commission, upgrade_commission, commission_base, on_cancel, tier_rate_ppm, tier_fixed_minor, tier_months)
    VALUES (v_project.project_id, v_at, v_new.hold_days, v_new.rate_ppm, v_new.fixed_minor, v_new.touch_model, v_new.allow_self_referral,
            v_new.commission_duration, v_new.commission_months, v_new.recurring_commission, v_new.upgrade_commission, v_new.commission_base, v_new.on_cancel,
            v_new.tier_rate_ppm, v_new.tier_fixed_minor, v_new.tier_months);
    -- The first version also covers every sale before it.
    PERFORM affiliate_private.resettle_since(v_project.project_id, CASE
      WHEN v_at <= (SELECT min(o.effective_at) FROM affiliate_private.project_setting AS o WHERE o.project_id = v_project.project_id) THEN '-infinity'
      ELSE v_at END);
  END IF;
  RETURN affiliate_private.project_json(v_project.project_id, v_at);
END
$$;
COMMENT ON FUNCTION affiliate.set_project(bigint, json, timestamptz) IS 'Changes a project''s settings from now (or p_effective_at) on and returns all of them; sales before keep what was in force. RF400 naming a wrong setting, RF404 unknown project, RF409 for the currency of a project that has amounts in it.';
