CREATE OR REPLACE FUNCTION affiliate_private.level_version_of(p_project_id bigint, p_before affiliate_private.commission_level_version, p_args jsonb) RETURNS affiliate_private.commission_level_version
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_args     jsonb := jsonb_strip_nulls(level_version_of.p_args);
  v_new      affiliate_private.commission_level_version := level_version_of.p_before;
  v_currency text := affiliate_private.project_currency(level_version_of.p_project_id);
  v_rule     record;
  v_setting  affiliate_private.project_setting;
BEGIN
  IF v_args ?| ARRAY['commission_percent', 'commission_fixed'] OR v_new.rate_ppm IS NULL THEN
    PERFORM affiliate_private.check_commission_given(v_args);
    v_rule := affiliate_private.parse_commission(v_args ->> 'commission_percent', v_args ->> 'commission_fixed', v_currency);
    v_new.rate_ppm    := v_rule.rate_ppm;
    v_new.fixed_minor := v_rule.fixed_minor;
  END IF;
  v_setting.commission_duration := coalesce(v_args ->> 'commission_duration', v_new.commission_duration, 'lifetime');
  v_setting.commission_months   := coalesce((v_args ->> 'commission_months')::integer, v_new.commission_months);
  v_setting := affiliate_private.fit_duration(v_setting, v_args::json);
  v_new.commission_duration := v_setting.commission_duration;
  v_new.commission_months   := v_setting.commission_months;
  IF v_args ?| ARRAY['minimum_earned', 'minimum_referrals'] THEN
    IF v_args ?& ARRAY['minimum_earned', 'minimum_referrals'] THEN
      RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'give either minimum_earned or minimum_referrals, not both';
    END IF;
    v_new.goal         := CASE WHEN v_args ? 'minimum_earned' THEN 'earned' ELSE 'referrals' END;
    v_new.goal_minimum := CASE WHEN v_args ? 'minimum_earned' THEN affiliate_private.parse_money('minimum_earned', v_args ->> 'minimum_earned', v_currency)
                               ELSE (v_args ->> 'minimum_referrals')::bigint END;
    v_new.goal_period  := coalesce(v_args ->> 'period', v_new.goal_period, 'total');
  ELSIF v_args ? 'period' THEN
    IF v_new.goal IS NULL THEN
      -- Of a level that is there already nobody can know it from the request alone.
      RAISE EXCEPTION USING ERRCODE = CASE WHEN v_new.level_id IS NULL THEN 'RF400' ELSE 'RF409' END,
        MESSAGE = 'period needs minimum_earned or minimum_referrals';
    END IF;
    v_new.goal_period := v_args ->> 'period';
  END IF;
  RETURN v_new;
END
$$;
COMMENT ON FUNCTION affiliate_private.level_version_of(bigint, affiliate_private.commission_level_version, jsonb) IS 'A version of a level as a request asks for: what it does not name stays as it was. RF400 saying what would be right, RF409 for a period where the level has no goal.';

CREATE OR REPLACE FUNCTION affiliate.set_level(p_project_id bigint, p_level json, p_level_id bigint DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_args  jsonb := set_level.p_level;
  v_level affiliate_private.commission_level;
  v_new   affiliate_private.commission_level_version;
  v_at    timestamptz;
BEGIN
  PERFORM affiliate_private.lock_inputs(set_level.p_project_id, true);
  PERFORM affiliate_private.check_project(set_level.p_project_id);
  v_at := clock_timestamp();
  IF set_level.p_level_id IS NOT NULL THEN
    v_level := affiliate_private.find_level(set_level.p_project_id, set_level.p_level_id);
  END IF;
  v_new := affiliate_private.level_version_of(set_level.p_project_id,
                                              affiliate_private.level_version_at(set_level.p_project_id, set_level.p_level_id, 'infinity'), v_args);
  v_level.name     := affiliate_private.check_length('name', btrim(coalesce(v_args ->> 'name', v_level.name)), 1, 200);
  v_level.position := coalesce((v_args ->> 'position')::integer, v_level.position, (
    SELECT coalesce(max(l.position), 0) + 1 FROM affiliate_private.commission_level AS l WHERE l.project_id = set_level.p_project_id AND l.deleted_at IS NULL));
  BEGIN
    IF v_level.level_id IS NULL THEN
      INSERT INTO affiliate_private.commission_level AS l (project_id, name, position) VALUES (set_level.p_project_id, v_level.name, v_level.position)
      RETURNING l.* INTO v_level;
    ELSE
      UPDATE affiliate_private.commission_level AS l SET name = v_level.name, position = v_level.position
      WHERE l.project_id = v_level.project_id AND l.level_id = v_level.level_id;
    END IF;
  EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'Another level has this name or position';
  END;
  INSERT INTO affiliate_private.commission_level_version
    (project_id, level_id, effective_at, rate_ppm, fixed_minor, commission_duration, commission_months, goal, goal_minimum, goal_period)
  VALUES (v_level.project_id, v_level.level_id, v_at, v_new.rate_ppm, v_new.fixed_minor, v_new.commission_duration, v_new.commission_months,
          v_new.goal, v_new.goal_minimum, v_new.goal_period);
  PERFORM affiliate_private.resettle_since(v_level.project_id, v_at);
  -- Somebody may have reached it long ago.
  PERFORM affiliate_private.note_level_candidates(v_level.project_id, ARRAY(
    SELECT a.affiliate_id FROM affiliate_private.affiliate AS a WHERE a.project_id = v_level.project_id AND a.deleted_at IS NULL));
  RETURN v_level.level_id;
END
$$;
COMMENT ON FUNCTION affiliate.set_level(bigint, json, bigint) IS 'Creates a commission level, or changes one from now on: name, position, commission_percent or commission_fixed, commission_duration, commission_months, minimum_earned or minimum_referrals, period (total, month, quarter, year). Gives its id. RF400 wrong values, RF404 unknown, RF409 name or position taken, or a period for a level without a goal.';

CREATE OR REPLACE FUNCTION affiliate_private.find_level(p_project_id bigint, p_level_id bigint) RETURNS affiliate_private.commission_level
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.commission_level;
BEGIN
  SELECT l.* INTO v_row FROM affiliate_private.commission_level AS l
  WHERE l.project_id = find_level.p_project_id AND l.level_id = find_level.p_level_id AND l.deleted_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Commission level not found';
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.find_level(bigint, bigint) IS 'A live commission level; RF404 for an unknown one.';

CREATE OR REPLACE FUNCTION affiliate.set_affiliate_level(p_project_id bigint, p_affiliate_id bigint, p_level_id bigint, p_by_hand boolean DEFAULT true,
                                                         p_effective_at timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_at timestamptz;
BEGIN
  PERFORM affiliate_private.lock_inputs(set_affiliate_level.p_project_id, true);
  PERFORM affiliate_private.check_affiliate(set_affiliate_level.p_project_id, set_affiliate_level.p_affiliate_id);
  -- One that has been deleted meanwhile is kept by who has it.
  IF set_affiliate_level.p_level_id <> coalesce((affiliate_private.affiliate_level_at(
       set_affiliate_level.p_project_id, set_affiliate_level.p_affiliate_id, coalesce(set_affiliate_level.p_effective_at, 'infinity'))).level_id, 0) THEN
    PERFORM affiliate_private.find_level(set_affiliate_level.p_project_id, set_affiliate_level.p_level_id);
  END IF;
  v_at := coalesce(set_affiliate_level.p_effective_at, clock_timestamp());
  INSERT INTO affiliate_private.affiliate_level (project_id, affiliate_id, effective_at, level_id, by_hand)
  VALUES (set_affiliate_level.p_project_id, set_affiliate_level.p_affiliate_id, v_at, set_affiliate_level.p_level_id, set_affiliate_level.p_by_hand);
  PERFORM affiliate_private.resettle_since(set_affiliate_level.p_project_id, v_at);
  PERFORM affiliate_private.note_level_candidates(set_affiliate_level.p_project_id, ARRAY[set_affiliate_level.p_affiliate_id]);
END
$$;
COMMENT ON FUNCTION affiliate.set_affiliate_level(bigint, bigint, bigint, boolean, timestamptz) IS 'Gives an affiliate a level (NULL for none) from now or p_effective_at on. By hand it stays there; otherwise promotions go on from it. RF404 unknown affiliate or level.';

CREATE OR REPLACE FUNCTION affiliate.delete_level(p_project_id bigint, p_level_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM affiliate_private.lock_inputs(delete_level.p_project_id, true);
  PERFORM affiliate_private.find_level(delete_level.p_project_id, delete_level.p_level_id);
  UPDATE affiliate_private.commission_level AS l SET deleted_at = clock_timestamp()
  WHERE l.project_id = delete_level.p_project_id AND l.level_id = delete_level.p_level_id;
END
$$;
COMMENT ON FUNCTION affiliate.delete_level(bigint, bigint) IS 'Takes a level out of the program: who has it keeps it, nobody reaches it any more. RF404 for an unknown one.';
