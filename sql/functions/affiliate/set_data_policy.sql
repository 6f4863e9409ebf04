CREATE OR REPLACE FUNCTION affiliate.set_data_policy(p_project_id bigint, p_settings json DEFAULT '{}') RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_new   affiliate_private.data_policy;
  v_key   text;
  v_value text;
  v_number integer;
BEGIN
  PERFORM affiliate_private.check_project(set_data_policy.p_project_id);
  v_new := affiliate_private.data_policy_of(set_data_policy.p_project_id);
  FOR v_key, v_value IN SELECT s.key, s.value FROM json_each_text(set_data_policy.p_settings) AS s LOOP
    IF v_key = 'repeat_window_minutes' THEN
      v_new.repeat_window_minutes := affiliate_private.check_setting(v_key, v_value, '^([0-9]{1,5}|[1-4][0-9]{5}|5[01][0-9]{4}|52[0-4][0-9]{3}|525[0-5][0-9]{2}|525600)$',
                                                                     'a whole number between 0 and 525600')::integer;
      CONTINUE;
    END IF;
    v_number := nullif(affiliate_private.check_setting(v_key, v_value, '^([1-9][0-9]{0,4}|forever)$', 'a number of days between 1 and 99999, or "forever"'), 'forever')::integer;
    CASE v_key
      WHEN 'event_body_days' THEN v_new.event_body_days := v_number;
      WHEN 'webhook_days' THEN v_new.webhook_days := v_number;
      WHEN 'visit_days' THEN v_new.visit_days := v_number;
      ELSE RAISE EXCEPTION USING ERRCODE = 'RF400',
        MESSAGE = format('unknown setting "%s": use event_body_days, webhook_days, visit_days or repeat_window_minutes', left(v_key, 60));
    END CASE;
  END LOOP;
  UPDATE affiliate_private.data_policy AS d
  SET event_body_days = v_new.event_body_days, webhook_days = v_new.webhook_days, visit_days = v_new.visit_days, repeat_window_minutes = v_new.repeat_window_minutes
  WHERE d.project_id = v_new.project_id;
  RETURN row_to_json(x) FROM (
    SELECT v_new.project_id, v_new.event_body_days, v_new.webhook_days, v_new.visit_days, v_new.repeat_window_minutes) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.set_data_policy(bigint, json) IS 'Changes how long a project keeps details: event_body_days, webhook_days, visit_days (a number of days, or "forever", which is null in the answer) and repeat_window_minutes. Returns all of them. RF400 naming a wrong setting, RF404 unknown project.';
