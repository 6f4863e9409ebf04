CREATE OR REPLACE FUNCTION affiliate.set_affiliate_parent(p_project_id bigint, p_affiliate_id bigint, p_parent_id bigint, p_effective_at timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_at timestamptz;
BEGIN
  PERFORM affiliate_private.lock_inputs(set_affiliate_parent.p_project_id, true);
  PERFORM affiliate_private.check_affiliate(set_affiliate_parent.p_project_id, set_affiliate_parent.p_affiliate_id);
  v_at := coalesce(set_affiliate_parent.p_effective_at, clock_timestamp());
  IF set_affiliate_parent.p_parent_id IS NOT NULL THEN
    PERFORM affiliate_private.check_affiliate(set_affiliate_parent.p_project_id, set_affiliate_parent.p_parent_id);
    IF set_affiliate_parent.p_parent_id = set_affiliate_parent.p_affiliate_id THEN
      RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'an affiliate cannot be its own parent';
    ELSIF affiliate_private.is_parent_since(set_affiliate_parent.p_project_id, set_affiliate_parent.p_affiliate_id, set_affiliate_parent.p_parent_id, v_at) THEN
      RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'that affiliate is under this one already: two affiliates cannot be each other''s parent';
    END IF;
  END IF;
  INSERT INTO affiliate_private.affiliate_parent (project_id, affiliate_id, effective_at, parent_affiliate_id)
  VALUES (set_affiliate_parent.p_project_id, set_affiliate_parent.p_affiliate_id, v_at, set_affiliate_parent.p_parent_id);
  PERFORM affiliate_private.resettle_since(set_affiliate_parent.p_project_id, v_at);
END
$$;
COMMENT ON FUNCTION affiliate.set_affiliate_parent(bigint, bigint, bigint, timestamptz) IS 'Puts an affiliate under a parent (NULL for nobody), which earns the project''s second tier on its sales from now or p_effective_at on. RF404 unknown affiliate, RF409 for itself and where they would be each other''s parent.';
