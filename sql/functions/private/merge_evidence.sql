CREATE OR REPLACE FUNCTION affiliate_private.merge_evidence(p_project_id bigint, p_provider text, p_customer_id bigint, p_scope_key text, p_observed_at timestamptz,
                                                            p_evidence jsonb) RETURNS text[]
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_learnt text[] := '{}';
  v_item   jsonb;
  v_new    affiliate_private.evidence;
BEGIN
  FOR v_n IN 0 .. jsonb_array_length(merge_evidence.p_evidence) - 1 LOOP
    v_item             := merge_evidence.p_evidence -> v_n;
    v_new.scope_key    := coalesce(v_item ->> 'scope', merge_evidence.p_scope_key);
    v_new.source       := v_item ->> 'source';
    v_new.namespace    := v_item ->> 'namespace';
    v_new.code_key     := affiliate_private.fold_key(v_item ->> 'code');
    v_new.effective_at := coalesce((v_item ->> 'effective_at')::timestamptz, '-infinity');
    -- Every renewal says again what is known: that writes nothing.
    CONTINUE WHEN EXISTS (
      SELECT FROM affiliate_private.evidence AS k
      WHERE k.project_id = merge_evidence.p_project_id AND k.provider = merge_evidence.p_provider AND k.scope_key = v_new.scope_key AND k.source = v_new.source
        AND k.namespace = v_new.namespace AND k.code_key = v_new.code_key AND k.observed_at <= merge_evidence.p_observed_at AND k.effective_at <= v_new.effective_at);
    INSERT INTO affiliate_private.evidence AS e (project_id, customer_id, provider, scope_key, source, namespace, code_key, observed_at, named_at, effective_at)
    VALUES (merge_evidence.p_project_id, merge_evidence.p_customer_id, merge_evidence.p_provider, v_new.scope_key, v_new.source, v_new.namespace, v_new.code_key,
            merge_evidence.p_observed_at, affiliate_private.counted_at(merge_evidence.p_observed_at), v_new.effective_at)
    ON CONFLICT ON CONSTRAINT evidence_fact_key DO UPDATE
      SET observed_at = least(e.observed_at, excluded.observed_at), named_at = least(coalesce(e.named_at, e.observed_at), excluded.named_at), effective_at = least(e.effective_at, excluded.effective_at);
    v_learnt := v_learnt || v_new.scope_key;
  END LOOP;
  RETURN v_learnt;
END
$$;
COMMENT ON FUNCTION affiliate_private.merge_evidence(bigint, text, bigint, text, timestamptz, jsonb) IS 'Stores attribution evidence once, with its earliest times, and gives the scopes of which something is new.';
