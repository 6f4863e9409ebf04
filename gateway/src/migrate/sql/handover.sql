-- Everything in the product's schemas belongs to its owner, the analyst views to affiliate_report. After a restore by a
-- login that is no superuser some of it belongs to that login. It is handed over here, while we still act as the
-- migrating user, and affiliate_migrate.handed_over tells that what depends on ownership has to be applied again.
DO $handover$
DECLARE
  v_owner CONSTANT text := pg_catalog.current_setting('affiliate_migrate.owner');
  v_statement text;
  v_count integer := 0;
  v_foreign text;
BEGIN
  -- Trusted is who may act as the owner anyway, we ourselves, and for the analyst views affiliate_report. What anybody else has put
  -- into these schemas would become code of the owner's.
  SELECT pg_catalog.format('%s belongs to %s', o.name, pg_catalog.pg_get_userbyid(o.owner)) INTO v_foreign
    FROM (SELECT pg_catalog.format('schema %I', n.nspname), n.nspowner FROM pg_catalog.pg_namespace AS n
           WHERE n.nspname IN ('affiliate', 'affiliate_api', 'affiliate_private', 'affiliate_kernel')
          UNION ALL
          SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), c.relowner
            FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
           WHERE n.nspname IN ('affiliate', 'affiliate_api', 'affiliate_private', 'affiliate_kernel')
             AND NOT (n.nspname = 'affiliate' AND c.relkind = 'v' AND v_owner = 'affiliate_owner'
                      AND pg_catalog.pg_get_userbyid(c.relowner) = 'affiliate_report')
          UNION ALL
          SELECT pg_catalog.format('type %I.%I', n.nspname, t.typname), t.typowner
            FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
           WHERE n.nspname IN ('affiliate', 'affiliate_api', 'affiliate_private', 'affiliate_kernel') AND t.typtype IN ('d', 'e', 'r')
          UNION ALL
          SELECT pg_catalog.format('function %I.%I', n.nspname, p.proname), p.proowner
            FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
           WHERE n.nspname IN ('affiliate', 'affiliate_api', 'affiliate_private', 'affiliate_kernel')
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                              WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')) AS o (name, owner)
   WHERE pg_catalog.pg_get_userbyid(o.owner) NOT IN (v_owner, CURRENT_USER) AND NOT pg_catalog.pg_has_role(o.owner, v_owner, 'MEMBER')
   LIMIT 1;
  IF v_foreign IS NOT NULL THEN
    RAISE EXCEPTION '%, who is not a member of %', v_foreign, v_owner
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'It is none of ours: drop it, or rename it, or have it given to the login that migrates once you know what it is.';
  END IF;
  FOR v_statement IN
    WITH product AS (
      SELECT n.oid, n.nspname, n.nspowner FROM pg_catalog.pg_namespace AS n
       WHERE n.nspname IN ('affiliate', 'affiliate_api', 'affiliate_private', 'affiliate_kernel')
    )
    SELECT o.statement FROM (
      SELECT 1, pg_catalog.format('ALTER SCHEMA %I OWNER TO %I', s.nspname, v_owner), s.nspowner, s.nspname::text
        FROM product AS s
      UNION ALL
      -- The sequence of an identity column goes with its table.
      SELECT 2, pg_catalog.format('ALTER %s %I.%I OWNER TO %I',
                                  CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
                                  s.nspname, c.relname, v_owner),
             c.relowner, c.relname::text
        FROM pg_catalog.pg_class AS c JOIN product AS s ON s.oid = c.relnamespace
       WHERE (c.relkind IN ('r', 'p', 'v', 'm') AND NOT (c.relkind = 'v' AND v_owner = 'affiliate_owner'
                                                         AND pg_catalog.pg_get_userbyid(c.relowner) = 'affiliate_report'))
          OR (c.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                                               WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                                                 AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')))
      UNION ALL
      SELECT 3, pg_catalog.format('ALTER %s %I.%I(%s) OWNER TO %I', CASE p.prokind WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END,
                                  s.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid), v_owner),
             p.proowner, p.proname::text
        FROM pg_catalog.pg_proc AS p JOIN product AS s ON s.oid = p.pronamespace
       -- pgcrypto is in one of our schemas where there is no schema public.
       WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                          WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
      UNION ALL
      SELECT 4, pg_catalog.format('ALTER TYPE %I.%I OWNER TO %I', s.nspname, t.typname, v_owner), t.typowner, t.typname::text
        FROM pg_catalog.pg_type AS t JOIN product AS s ON s.oid = t.typnamespace
       WHERE t.typtype IN ('d', 'e', 'r') OR (t.typtype = 'c' AND EXISTS (SELECT FROM pg_catalog.pg_class AS c
                                                                          WHERE c.oid = t.typrelid AND c.relkind = 'c'))
    ) AS o (step, statement, owner, name)
    WHERE pg_catalog.pg_get_userbyid(o.owner) <> v_owner
    ORDER BY o.step, o.name
  LOOP
    EXECUTE v_statement;
    v_count := v_count + 1;
  END LOOP;
  -- A restore without rights (--no-acl) left the gateway none.
  IF v_owner = 'affiliate_owner' AND EXISTS (SELECT FROM pg_catalog.pg_namespace AS n
                                              WHERE n.nspname = 'affiliate_api' AND NOT pg_catalog.has_schema_privilege('affiliate_gateway', n.oid, 'USAGE'))
     AND pg_catalog.to_regprocedure('affiliate_api.readiness()') IS NOT NULL THEN
    v_count := v_count + 1;
  END IF;
  PERFORM pg_catalog.set_config('affiliate_migrate.handed_over', CASE WHEN v_count > 0 THEN 'on' ELSE 'off' END, true);
EXCEPTION
  WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'something in the product''s schemas does not belong to %, and % may not change that: %', v_owner, CURRENT_USER, SQLERRM
      USING ERRCODE = 'insufficient_privilege',
            HINT = 'Run affiliate migrate once as the login that restored the database, or as a superuser.';
END
$handover$;
