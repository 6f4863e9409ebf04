CREATE OR REPLACE FUNCTION affiliate_private.check_project(p_project_id bigint) RETURNS affiliate_private.project
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.project;
BEGIN
  SELECT p.* INTO v_row FROM affiliate_private.project AS p WHERE p.project_id = check_project.p_project_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = format('There is no project %s', check_project.p_project_id);
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_project(bigint) IS 'The project; RF404 where there is none.';
