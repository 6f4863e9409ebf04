CREATE OR REPLACE FUNCTION affiliate_private.lock_facts(p_project_id bigint, p_names text[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  -- 0 for an unknown project, whom the caller refuses, and for locks of no project.
  v_seed CONSTANT bigint := coalesce((SELECT p.lock_seed FROM affiliate_private.project AS p WHERE p.project_id = lock_facts.p_project_id), 0);
  v_lock bigint;
BEGIN
  FOR v_lock IN
    SELECT DISTINCT hashtextextended(format('pg_affiliate:%s:%s', lock_facts.p_project_id, n.name), v_seed) AS id
    FROM unnest(lock_facts.p_names) AS n (name) ORDER BY id
  LOOP
    PERFORM pg_advisory_xact_lock(v_lock);
  END LOOP;
END
$$;
COMMENT ON FUNCTION affiliate_private.lock_facts(bigint, text[]) IS 'Takes transaction locks on fact names (identities, aliases, customers) in one global order, so that facts that belong together are merged one after the other.';
