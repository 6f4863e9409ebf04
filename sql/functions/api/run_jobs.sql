CREATE OR REPLACE FUNCTION affiliate_api.run_jobs(p_interval_seconds integer) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM affiliate_private.job_run AS j WHERE j.ran_at > clock_timestamp() - make_interval(secs => run_jobs.p_interval_seconds)) THEN
    RETURN '{}';
  END IF;
  RETURN affiliate.run_jobs()::text;
END
$$;
COMMENT ON FUNCTION affiliate_api.run_jobs(integer) IS 'What a gateway calls now and then: runs the jobs unless somebody, perhaps pg_cron, did within the interval.';
