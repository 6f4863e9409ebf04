CREATE OR REPLACE FUNCTION affiliate_private.change_setting(p_setting affiliate_private.project_setting, p_key text, p_value text) RETURNS affiliate_private.project_setting
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_new   affiliate_private.project_setting := change_setting.p_setting;
  v_key   text := change_setting.p_key;
  v_value text := change_setting.p_value;
BEGIN
  CASE v_key
    WHEN 'touch_model' THEN v_new.touch_model := affiliate_private.check_setting(v_key, v_value, '^(last|first)$', '"last" or "first"');
    WHEN 'allow_self_referral' THEN v_new.allow_self_referral := affiliate_private.check_boolean(v_key, v_value);
    WHEN 'commission_duration' THEN
      v_new.commission_duration := affiliate_private.check_setting(v_key, v_value, '^(lifetime|first_purchase|limited)$', '"lifetime", "first_purchase" or "limited"');
    WHEN 'commission_months' THEN
      v_new.commission_months := affiliate_private.check_setting(v_key, v_value, '^([1-9][0-9]{0,2}|1[01][0-9]{2}|1200)$', 'a whole number between 1 and 1200')::integer;
    WHEN 'recurring_commission' THEN v_new.recurring_commission := affiliate_private.check_boolean(v_key, v_value);
    WHEN 'upgrade_commission' THEN v_new.upgrade_commission := affiliate_private.check_boolean(v_key, v_value);
    WHEN 'commission_base' THEN v_new.commission_base := affiliate_private.check_setting(v_key, v_value, '^(net|gross)$', '"net" or "gross"');
    WHEN 'on_cancel' THEN v_new.on_cancel := affiliate_private.check_setting(v_key, v_value, '^(keep|reverse_held)$', '"keep" or "reverse_held"');
    WHEN 'tier_months' THEN
      v_new.tier_months := nullif(affiliate_private.check_setting(v_key, v_value, '^([0-9]{1,3}|1[01][0-9]{2}|1200)$', 'a whole number between 1 and 1200, or 0 for no limit')::integer, 0);
    ELSE RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = format('unknown setting "%s": use %s', left(v_key, 60), affiliate_private.setting_names());
  END CASE;
  RETURN v_new;
END
$$;
COMMENT ON FUNCTION affiliate_private.change_setting(affiliate_private.project_setting, text, text) IS 'A version of a project''s settings with one of them changed; RF400 saying what would be right.';

CREATE OR REPLACE FUNCTION affiliate_private.setting_names() RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT 'name, currency, hold_days, commission_percent, commission_fixed, commission_duration, commission_months, recurring_commission, upgrade_commission, commission_base, on_cancel, touch_model, allow_self_referral, tier_percent, tier_fixed, tier_months, payout_minimum or payout_approval'
$$;
COMMENT ON FUNCTION affiliate_private.setting_names() IS 'The documented names of a project''s settings, for messages.';

CREATE OR REPLACE FUNCTION affiliate_private.check_boolean(p_name text, p_value text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT affiliate_private.check_setting(check_boolean.p_name, check_boolean.p_value, '^(true|false)$', '"true" or "false"')::boolean
$$;
COMMENT ON FUNCTION affiliate_private.check_boolean(text, text) IS 'true or false; RF400 naming the setting otherwise.';

CREATE OR REPLACE FUNCTION affiliate_private.fit_duration(p_setting affiliate_private.project_setting, p_settings json) RETURNS affiliate_private.project_setting
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_new affiliate_private.project_setting := fit_duration.p_setting;
BEGIN
  -- Months alone mean a limited duration, a limited duration alone means a year.
  IF fit_duration.p_settings ->> 'commission_months' IS NOT NULL AND fit_duration.p_settings ->> 'commission_duration' IS NULL THEN
    v_new.commission_duration := 'limited';
  END IF;
  v_new.commission_months := CASE WHEN v_new.commission_duration = 'limited' THEN coalesce(v_new.commission_months, 12) END;
  RETURN v_new;
END
$$;
COMMENT ON FUNCTION affiliate_private.fit_duration(affiliate_private.project_setting, json) IS 'Settings, as changed by a request, whose months fit their duration: none unless it is limited.';
