-- The native kernels. Their functions touch nothing but their arguments, so anyone may reach them: the wrappers in
-- affiliate_kernel are inlined and then run with the rights of whoever reads an analyst view.
DO $native$
BEGIN
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
