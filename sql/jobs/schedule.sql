-- Where pg_cron is installed in this database and the owner may use it, it runs the jobs every minute. Elsewhere a gateway does.
DO $jobs$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_extension AS e WHERE e.extname = 'pg_cron')
     AND pg_catalog.has_schema_privilege(current_user, (SELECT n.oid FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'cron'), 'USAGE') THEN
    PERFORM cron.schedule('pg_affiliate jobs', '* * * * *', 'SELECT affiliate.run_jobs()');
  END IF;
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'pg_cron does not take the jobs (%): a gateway runs them', sqlerrm;
END
$jobs$;
