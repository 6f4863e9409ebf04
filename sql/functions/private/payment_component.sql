CREATE OR REPLACE FUNCTION affiliate_private.payment_component(p_project_id bigint, p_provider text, p_keys text[]) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_all text[] := payment_component.p_keys;
  v_new text[] := payment_component.p_keys;
BEGIN
  -- A payment has a handful of ids, so that this ends after two or three rounds.
  WHILE cardinality(v_new) > 0 LOOP
    SELECT array_agg(n.key) INTO v_new FROM (
      SELECT l.target_key AS key FROM affiliate_private.payment_link AS l
      WHERE l.project_id = payment_component.p_project_id AND l.provider = payment_component.p_provider AND l.alias_key = ANY (v_new)
      UNION
      SELECT l.alias_key FROM affiliate_private.payment_link AS l
      WHERE l.project_id = payment_component.p_project_id AND l.provider = payment_component.p_provider AND l.target_key = ANY (v_new)) AS n
    WHERE n.key <> ALL (v_all);
    v_all := v_all || v_new;
  END LOOP;
  RETURN v_all;
END
$$;
COMMENT ON FUNCTION affiliate_private.payment_component(bigint, text, text[]) IS 'All provider ids of the payments that these ids belong to, as far as is known.';

CREATE OR REPLACE FUNCTION affiliate_private.lock_payment(p_project_id bigint, p_provider text, p_keys text[], p_kinds text[], p_names text[]) RETURNS text[]
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_locked text[];
  v_all    text[];
  v_names  text[];
  v_key    text;
BEGIN
  -- A link learnt by somebody else meanwhile makes the payment larger: lock that too.
  LOOP
    v_all := affiliate_private.payment_component(lock_payment.p_project_id, lock_payment.p_provider, lock_payment.p_keys);
    EXIT WHEN v_all <@ v_locked;
    v_names := '{}';
    FOR v_n IN 1 .. cardinality(lock_payment.p_names) LOOP
      v_names := v_names || (lock_payment.p_kinds[v_n] || ':' || lock_payment.p_names[v_n]);
    END LOOP;
    FOREACH v_key IN ARRAY v_all LOOP
      v_names := v_names || ('payment:' || lock_payment.p_provider || ':' || v_key);
      -- The subscription that this payment begins names its customer too.
      IF affiliate_private.scope_subscription(v_key) IS NOT NULL THEN
        v_names := v_names || (affiliate_private.subscription_kind(lock_payment.p_provider) || ':' || affiliate_private.scope_subscription(v_key));
      END IF;
    END LOOP;
    PERFORM affiliate_private.lock_facts(lock_payment.p_project_id, v_names);
    v_locked := v_all;
  END LOOP;
  RETURN v_all;
END
$$;
COMMENT ON FUNCTION affiliate_private.lock_payment(bigint, text, text[], text[], text[]) IS 'All ids of a payment, locked together with these identities, so that facts about one payment are merged one after the other.';
