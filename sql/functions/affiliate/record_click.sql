CREATE OR REPLACE FUNCTION affiliate.record_click(p_project_id bigint, p_referral_code text, p_ip text DEFAULT NULL, p_user_agent text DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_visit affiliate_private.visit;
BEGIN
  v_visit := affiliate_private.visit_of(record_click.p_project_id, 'click', record_click.p_referral_code, record_click.p_ip, record_click.p_user_agent);
  IF v_visit.affiliate_id IS NOT NULL THEN
    IF v_visit.ignored_reason IS NULL AND affiliate_private.is_repeat(v_visit, (affiliate_private.data_policy_of(v_visit.project_id)).repeat_window_minutes) THEN
      v_visit.ignored_reason := 'repeat';
    END IF;
    PERFORM affiliate_private.store_visit(v_visit);
  END IF;
  RETURN affiliate_private.visit_json(v_visit, NULL);
END
$$;
COMMENT ON FUNCTION affiliate.record_click(bigint, text, text, text) IS 'A visit through an affiliate''s link. Bots, and repeats of a visitor within the project''s window, are kept but not counted; an unknown or inactive code keeps nothing. The IP address is stored only as a keyed hash. {"counted", "reason", "affiliate_id"}; RF404 unknown project.';
