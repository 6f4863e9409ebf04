CREATE OR REPLACE FUNCTION affiliate.list_analysts(p_project_id bigint DEFAULT NULL) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF list_analysts.p_project_id IS NOT NULL THEN
    PERFORM affiliate_private.check_project(list_analysts.p_project_id);
  END IF;
  RETURN (
    SELECT coalesce(json_agg(json_build_object(
             'project_id', g.project_id,
             'role', g.role_name,
             'granted_at', affiliate_private.api_time(g.granted_at),
             'in_force', r.oid IS NOT NULL) ORDER BY g.project_id, g.role_name), '[]')
      FROM affiliate_private.analyst_grant AS g
      LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname = g.role_name AND r.oid = g.role_oid
     WHERE list_analysts.p_project_id IS NULL OR g.project_id = list_analysts.p_project_id);
END
$$;
COMMENT ON FUNCTION affiliate.list_analysts(bigint) IS 'Who may see which project through the analyst views; in_force is false where the role was dropped, or created again, since.';
