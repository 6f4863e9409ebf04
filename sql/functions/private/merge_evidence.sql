CREATE OR REPLACE FUNCTION affiliate_private.merge_evidence(p_project_id bigint, p_provider text, p_customer_id bigint, p_scope_key text, p_observed_at timestamptz,
                                                            p_evidence jsonb) RETURNS text[]
LANGUAGE sql VOLATILE AS $$
  WITH learnt AS (
    INSERT INTO affiliate_private.evidence AS e (project_id, customer_id, provider, scope_key, source, namespace, code_key, observed_at, effective_at)
    SELECT DISTINCT ON (n.scope_key, n.source, n.namespace, n.code_key) n.* FROM (
      SELECT merge_evidence.p_project_id, merge_evidence.p_customer_id, merge_evidence.p_provider,
             coalesce(v.item ->> 'scope', merge_evidence.p_scope_key) AS scope_key, v.item ->> 'source' AS source, v.item ->> 'namespace' AS namespace,
             affiliate_private.fold_key(v.item ->> 'code') AS code_key, merge_evidence.p_observed_at,
             coalesce((v.item ->> 'effective_at')::timestamptz, '-infinity') AS effective_at
      FROM jsonb_array_elements(merge_evidence.p_evidence) AS v (item)) AS n
    ORDER BY n.scope_key, n.source, n.namespace, n.code_key, n.effective_at
    ON CONFLICT ON CONSTRAINT evidence_fact_key DO UPDATE
      SET observed_at = least(e.observed_at, excluded.observed_at), effective_at = least(e.effective_at, excluded.effective_at)
      WHERE excluded.observed_at < e.observed_at OR excluded.effective_at < e.effective_at
    RETURNING e.scope_key)
  SELECT coalesce(array_agg(DISTINCT learnt.scope_key), '{}') FROM learnt
$$;
COMMENT ON FUNCTION affiliate_private.merge_evidence(bigint, text, bigint, text, timestamptz, jsonb) IS 'Stores attribution evidence once, with its earliest times, and gives the scopes of which something is new.';
