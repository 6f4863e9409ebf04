CREATE OR REPLACE FUNCTION affiliate_api.ingest_provider_events(p_project_id bigint, p_provider text, p_secret_ids bigint[], p_delivery_ids text[], p_bodies bytea[]) RETURNS text[]
-- Each event keeps its locks until all are done. Two calls that want one another's would be a deadlock: waiting ends before the server looks for those.
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' AS $$
DECLARE
  v_answers text[] := array_fill(NULL::text, ARRAY[cardinality(ingest_provider_events.p_bodies)]);
BEGIN
  FOR n IN 1 .. cardinality(ingest_provider_events.p_bodies) LOOP
    -- The locks are others' waiting time, and so is a slow event.
    EXIT WHEN clock_timestamp() > statement_timestamp() + interval '250 milliseconds';
    BEGIN
      v_answers[n] := affiliate_api.ingest_provider_event(ingest_provider_events.p_project_id, ingest_provider_events.p_provider,
        ingest_provider_events.p_secret_ids[n], ingest_provider_events.p_delivery_ids[n], ingest_provider_events.p_bodies[n]);
    EXCEPTION WHEN OTHERS THEN
      -- Nothing of it is left. Ingested alone, it says what was wrong, or waits as long as it takes.
      v_answers[n] := NULL;
    END;
  END LOOP;
  RETURN v_answers;
END
$$;
COMMENT ON FUNCTION affiliate_api.ingest_provider_events(bigint, text, bigint[], text[], bytea[]) IS 'Several verified events of one project in one transaction, each as ingest_provider_event does it, which costs less than one by one. Answers in the order of the events; NULL for one that is to be ingested alone, of which nothing is stored.';
