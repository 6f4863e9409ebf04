CREATE OR REPLACE FUNCTION affiliate.run_jobs(p_batch integer DEFAULT 10000) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_name text;
  v_done jsonb := '{}';
BEGIN
  IF run_jobs.p_batch IS NULL OR run_jobs.p_batch NOT BETWEEN 1 AND 1000000 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'p_batch must be a number between 1 and 1000000';
  END IF;
  -- One at a time in the whole database; whoever comes second has nothing to do.
  IF pg_try_advisory_xact_lock(hashtextextended('pg_affiliate:jobs', 0)) THEN
    FOREACH v_name IN ARRAY affiliate_private.job_names() LOOP
      v_done := v_done || jsonb_build_object(v_name, affiliate_private.run_job(v_name, run_jobs.p_batch));
    END LOOP;
  END IF;
  RETURN v_done;
END
$$;
COMMENT ON FUNCTION affiliate.run_jobs(integer) IS 'Runs every housekeeping job once, over at most about p_batch rows per project each, and gives how many rows each dealt with; an empty object while another session is at it. RF400 for a batch out of range.';
