-- Membership in affiliate_analyst stays: without a grant the views show nothing, and the caller may not own the membership.
CREATE OR REPLACE FUNCTION affiliate.revoke_analyst(p_role text, p_project_id bigint) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM affiliate_private.check_project(revoke_analyst.p_project_id);
  DELETE FROM affiliate_private.analyst_grant AS g
   WHERE g.project_id = revoke_analyst.p_project_id AND g.role_name = revoke_analyst.p_role;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404',
      MESSAGE = format('Project %s is not granted to a role "%s"', revoke_analyst.p_project_id, revoke_analyst.p_role);
  END IF;
  RETURN json_build_object('project_id', revoke_analyst.p_project_id, 'role', revoke_analyst.p_role, 'granted', false);
END
$$;
COMMENT ON FUNCTION affiliate.revoke_analyst(text, bigint) IS 'Takes a project back from a role, which need not exist any more. RF404 where it was not granted.';
