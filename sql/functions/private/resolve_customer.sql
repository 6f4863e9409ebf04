CREATE OR REPLACE FUNCTION affiliate_private.resolve_customer(p_project_id bigint, p_kinds text[], p_keys text[], p_provider text, p_payment text[],
                                                              OUT customer_id bigint, OUT widened boolean)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_ids    bigint[];
  v_locked bigint[];
BEGIN
  widened := false;
  -- The identities and the payment are locked by the caller; the customers they lead to are locked here. A merge by somebody else may
  -- have moved an identity while this waited, so look again until what is locked is what is meant.
  LOOP
    SELECT array_agg(DISTINCT known.customer_id ORDER BY known.customer_id) INTO v_ids
    FROM (
      SELECT i.customer_id
      FROM unnest(resolve_customer.p_kinds, resolve_customer.p_keys) AS k (kind, identity_key)
      JOIN affiliate_private.customer_identity AS i
        ON i.project_id = resolve_customer.p_project_id AND i.kind = k.kind AND i.identity_key = k.identity_key
      UNION ALL
      SELECT s.customer_id FROM affiliate_private.sale AS s
      WHERE s.project_id = resolve_customer.p_project_id AND s.provider = resolve_customer.p_provider AND s.sale_key = ANY (resolve_customer.p_payment)
      UNION ALL
      SELECT e.customer_id FROM affiliate_private.evidence AS e
      WHERE e.project_id = resolve_customer.p_project_id AND e.provider = resolve_customer.p_provider AND e.scope_key = ANY (resolve_customer.p_payment)
      UNION ALL
      SELECT i.customer_id FROM affiliate_private.customer_identity AS i
      WHERE i.project_id = resolve_customer.p_project_id AND i.kind = affiliate_private.payment_kind(resolve_customer.p_provider)
        AND i.identity_key = ANY (resolve_customer.p_payment)
    ) AS known;
    EXIT WHEN v_ids IS NULL OR v_ids IS NOT DISTINCT FROM v_locked;
    PERFORM affiliate_private.lock_customers(resolve_customer.p_project_id, v_ids);
    v_locked := v_ids;
  END LOOP;

  IF v_ids IS NULL THEN
    INSERT INTO affiliate_private.customer (project_id) VALUES (resolve_customer.p_project_id)
    RETURNING customer.customer_id INTO resolve_customer.customer_id;
    PERFORM affiliate_private.lock_customers(resolve_customer.p_project_id, ARRAY[resolve_customer.customer_id]);
  ELSE
    resolve_customer.customer_id := v_ids[1];
    IF cardinality(v_ids) > 1 THEN
      widened := true;
      PERFORM affiliate_private.merge_customers(resolve_customer.p_project_id, v_ids[1], v_ids[2:]);
    END IF;
  END IF;

  WITH learnt AS (
    INSERT INTO affiliate_private.customer_identity AS i (project_id, kind, identity_key, customer_id)
    SELECT resolve_customer.p_project_id, k.kind, k.identity_key, resolve_customer.customer_id
    FROM unnest(resolve_customer.p_kinds, resolve_customer.p_keys) AS k (kind, identity_key)
    ON CONFLICT ON CONSTRAINT customer_identity_pkey DO NOTHING
    RETURNING i.kind
  )
  -- Another email of a known customer: it may be an affiliate's, or one the owner has said something about.
  SELECT widened OR (v_ids IS NOT NULL AND EXISTS (SELECT FROM learnt WHERE learnt.kind = 'email')) INTO widened;
END
$$;
COMMENT ON FUNCTION affiliate_private.resolve_customer(bigint, text[], text[], text, text[]) IS 'The one customer these identities and this payment belong to, locked; creates it, or merges the ones there are. widened: it was merged or got another email, so that all its sales are to be settled again.';

CREATE OR REPLACE FUNCTION affiliate_private.payment_kind(p_provider text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT payment_kind.p_provider || ':payment'
$$;
COMMENT ON FUNCTION affiliate_private.payment_kind(text) IS 'The kind of customer_identity under which a payment is remembered whose customer is known before its money.';

CREATE OR REPLACE FUNCTION affiliate_private.lock_customers(p_project_id bigint, p_customer_ids bigint[]) RETURNS void
LANGUAGE sql VOLATILE AS $$
  SELECT affiliate_private.lock_facts(lock_customers.p_project_id, (SELECT array_agg('customer:' || c.id) FROM unnest(lock_customers.p_customer_ids) AS c (id)))
$$;
COMMENT ON FUNCTION affiliate_private.lock_customers(bigint, bigint[]) IS 'Serialises everything that settles these customers, until the end of the transaction.';

CREATE OR REPLACE FUNCTION affiliate_private.merge_customers(p_project_id bigint, p_survivor_id bigint, p_merged_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  UPDATE affiliate_private.customer_identity AS i SET customer_id = merge_customers.p_survivor_id
  WHERE i.project_id = merge_customers.p_project_id AND i.customer_id = ANY (merge_customers.p_merged_ids);
  UPDATE affiliate_private.sale AS s SET customer_id = merge_customers.p_survivor_id
  WHERE s.project_id = merge_customers.p_project_id AND s.customer_id = ANY (merge_customers.p_merged_ids);
  UPDATE affiliate_private.evidence AS e SET customer_id = merge_customers.p_survivor_id
  WHERE e.project_id = merge_customers.p_project_id AND e.customer_id = ANY (merge_customers.p_merged_ids);
  DELETE FROM affiliate_private.customer AS c
  WHERE c.project_id = merge_customers.p_project_id AND c.customer_id = ANY (merge_customers.p_merged_ids);
END
$$;
COMMENT ON FUNCTION affiliate_private.merge_customers(bigint, bigint, bigint[]) IS 'Makes several customers one; all of them must be locked, and the caller settles the survivor.';

CREATE OR REPLACE FUNCTION affiliate_private.lock_payment_customers(p_project_id bigint, p_provider text, p_payment text[], OUT customer_id bigint, OUT widened boolean)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_ids    bigint[];
  v_locked bigint[];
BEGIN
  -- Nobody's touches or first purchases change, so that no customer is named: only the payment is settled again.
  widened := false;
  LOOP
    SELECT array_agg(DISTINCT s.customer_id ORDER BY s.customer_id) INTO v_ids
    FROM affiliate_private.sale AS s
    WHERE s.project_id = lock_payment_customers.p_project_id AND s.provider = lock_payment_customers.p_provider
      AND s.sale_key = ANY (lock_payment_customers.p_payment);
    EXIT WHEN v_ids IS NULL OR v_ids IS NOT DISTINCT FROM v_locked;
    PERFORM affiliate_private.lock_customers(lock_payment_customers.p_project_id, v_ids);
    v_locked := v_ids;
  END LOOP;
END
$$;
COMMENT ON FUNCTION affiliate_private.lock_payment_customers(bigint, text, text[]) IS 'Locks the customers of a payment that is named by its ids alone, as refunds and links do. The payment is locked by the caller.';
