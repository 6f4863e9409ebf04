-- The native kernels. Their functions touch nothing but their arguments, so anyone may reach them: the wrappers in
-- affiliate_kernel are inlined and then run with the rights of whoever reads an analyst view.
DO $native$
DECLARE
  v_owner CONSTANT text := pg_catalog.current_setting('affiliate_migrate.owner');
  v_foreign text;
BEGIN
  -- Whoever owns the schema, or the extension, can put something else in its place later.
  SELECT r.rolname INTO v_foreign
    FROM (SELECT n.nspowner FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'affiliate_native'
          UNION ALL
          SELECT e.extowner FROM pg_catalog.pg_extension AS e WHERE e.extname = 'pg_affiliate') AS o (owner)
    JOIN pg_catalog.pg_roles AS r ON r.oid = o.owner
   WHERE NOT (r.rolsuper OR r.rolname IN (v_owner, CURRENT_USER) OR pg_catalog.pg_has_role(r.oid, v_owner, 'MEMBER')
              OR EXISTS (SELECT FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database() AND d.datdba = r.oid))
   LIMIT 1;
  IF v_foreign IS NOT NULL THEN
    RAISE EXCEPTION 'schema affiliate_native, or the extension in it, belongs to %, who is not a member of %', v_foreign, v_owner
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Drop both, after affiliate migrate --profile portable where they are in use, and migrate again.';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_extension AS e WHERE e.extname = 'pg_affiliate') THEN
    CREATE EXTENSION pg_affiliate;
  ELSIF EXISTS (SELECT FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_available_extensions AS a ON a.name = e.extname
                 WHERE e.extname = 'pg_affiliate' AND a.default_version <> e.extversion) THEN
    ALTER EXTENSION pg_affiliate UPDATE;
  END IF;
  IF NOT pg_catalog.has_schema_privilege('public', 'affiliate_native', 'USAGE') THEN
    GRANT USAGE ON SCHEMA affiliate_native TO PUBLIC;
  END IF;
END
$native$;
