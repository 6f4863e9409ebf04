CREATE OR REPLACE FUNCTION affiliate_private.lock_facts(p_project_id bigint, p_names text[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_seed  bigint;
  v_locks bigint[] := '{}';
  v_name  text;
  v_lock  bigint;
BEGIN
  SELECT p.lock_seed INTO v_seed FROM affiliate_private.project AS p WHERE p.project_id = lock_facts.p_project_id;
  -- 0 for an unknown project, whom the caller refuses, and for locks of no project.
  v_seed := coalesce(v_seed, 0);
  FOREACH v_name IN ARRAY lock_facts.p_names LOOP
    v_locks := v_locks || hashtextextended('pg_affiliate:' || lock_facts.p_project_id || ':' || v_name, v_seed);
  END LOOP;
  IF cardinality(v_locks) > 1 THEN
    v_locks := ARRAY(SELECT DISTINCT l.id FROM unnest(v_locks) AS l (id) ORDER BY l.id);
  END IF;
  FOREACH v_lock IN ARRAY v_locks LOOP
    PERFORM pg_advisory_xact_lock(v_lock);
  END LOOP;
END
$$;
COMMENT ON FUNCTION affiliate_private.lock_facts(bigint, text[]) IS 'Takes transaction locks on fact names (identities, aliases, customers) in one global order, so that facts that belong together are merged one after the other.';
