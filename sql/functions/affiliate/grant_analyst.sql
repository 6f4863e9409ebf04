CREATE OR REPLACE FUNCTION affiliate.grant_analyst(p_role text, p_project_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM affiliate_private.check_project(grant_analyst.p_project_id);
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = grant_analyst.p_role) THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = format('There is no role "%s": create it first', grant_analyst.p_role);
  END IF;
  EXECUTE format('GRANT affiliate_analyst TO %I', grant_analyst.p_role);
  INSERT INTO affiliate_private.analyst_grant (project_id, role_name) VALUES (grant_analyst.p_project_id, grant_analyst.p_role)
  ON CONFLICT ON CONSTRAINT analyst_grant_pkey DO NOTHING;
END
$$;
COMMENT ON FUNCTION affiliate.grant_analyst(text, bigint) IS 'Lets a login role read one project through the views of schema affiliate. RF404 for an unknown project or role.';
