-- Bodies are not checked while functions are created, so that they may call each other in any order; they are checked
-- here, once all of them exist.
DO $validate$
DECLARE
  v_function record;
BEGIN
  SET LOCAL check_function_bodies = on;
  FOR v_function IN
    SELECT p.oid, p.oid::pg_catalog.regprocedure::text AS signature, l.lanname,
           (SELECT pg_catalog.substr(c.setting, pg_catalog.length('search_path=') + 1)
              FROM pg_catalog.unnest(p.proconfig) AS c (setting)
             WHERE c.setting LIKE 'search_path=%') AS search_path
      FROM pg_catalog.pg_proc AS p
      JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
      JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
     WHERE n.nspname IN ('affiliate', 'affiliate_api', 'affiliate_private', 'affiliate_kernel')
       AND l.lanname IN ('sql', 'plpgsql')
       AND p.prokind <> 'a'
     ORDER BY 2
  LOOP
    BEGIN
      PERFORM pg_catalog.set_config('search_path', coalesce(v_function.search_path, 'pg_catalog, pg_temp'), true);
      IF v_function.lanname = 'sql' THEN
        PERFORM pg_catalog.fmgr_sql_validator(v_function.oid);
      ELSE
        PERFORM pg_catalog.plpgsql_validator(v_function.oid);
      END IF;
    EXCEPTION WHEN OTHERS THEN
      RAISE EXCEPTION '%: %', v_function.signature, SQLERRM USING ERRCODE = SQLSTATE;
    END;
  END LOOP;
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
END
$validate$;
