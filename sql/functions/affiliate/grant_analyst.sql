CREATE OR REPLACE FUNCTION affiliate.grant_analyst(p_role text, p_project_id bigint) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_role_oid CONSTANT oid := (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = grant_analyst.p_role);
BEGIN
  PERFORM affiliate_private.check_project(grant_analyst.p_project_id);
  IF v_role_oid IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = format('There is no role "%s": create it first', grant_analyst.p_role);
  END IF;
  IF NOT pg_has_role(v_role_oid, 'affiliate_analyst', 'MEMBER') THEN
    EXECUTE format('GRANT affiliate_analyst TO %I', grant_analyst.p_role);
  END IF;
  INSERT INTO affiliate_private.analyst_grant (project_id, role_name, role_oid)
  VALUES (grant_analyst.p_project_id, grant_analyst.p_role, v_role_oid)
  ON CONFLICT ON CONSTRAINT analyst_grant_pkey DO UPDATE
    SET role_oid = excluded.role_oid, granted_at = excluded.granted_at WHERE analyst_grant.role_oid <> excluded.role_oid;
  RETURN json_build_object('project_id', grant_analyst.p_project_id, 'role', grant_analyst.p_role, 'granted', true);
END
$$;
COMMENT ON FUNCTION affiliate.grant_analyst(text, bigint) IS 'Lets a login role read one project through the views of schema affiliate. RF404 for an unknown project or role.';
