CREATE OR REPLACE FUNCTION affiliate_private.resolve_customer(p_project_id bigint, p_kinds text[], p_keys text[], p_provider text, p_payment text[], p_create boolean,
                                                              OUT customer_id bigint, OUT unsettled bigint[])
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_known  record;
  v_ids    bigint[];
  v_emails text[];
BEGIN
  unsettled := '{}';
  -- The identities and the payment are locked by the caller, so that nobody else can name a customer by them; the customers they
  -- lead to are locked here. One that was merged into another while this waited is gone: look again.
  LOOP
    v_known := affiliate_private.known_customers(resolve_customer.p_project_id, resolve_customer.p_kinds, resolve_customer.p_keys,
                                                 resolve_customer.p_provider, resolve_customer.p_payment);
    v_ids := v_known.customer_ids;
    EXIT WHEN cardinality(v_ids) = 0;
    PERFORM affiliate_private.lock_customers(resolve_customer.p_project_id, v_ids);
    EXIT WHEN cardinality(v_ids) = (SELECT count(*) FROM affiliate_private.customer AS c
                                    WHERE c.project_id = resolve_customer.p_project_id AND c.customer_id = ANY (v_ids));
  END LOOP;

  customer_id := v_ids[1];
  IF customer_id IS NULL THEN
    IF NOT resolve_customer.p_create THEN
      RETURN;
    END IF;
    INSERT INTO affiliate_private.customer (project_id) VALUES (resolve_customer.p_project_id)
    RETURNING customer.customer_id INTO resolve_customer.customer_id;
    PERFORM affiliate_private.lock_customers(resolve_customer.p_project_id, ARRAY[resolve_customer.customer_id]);
  END IF;
  IF v_known.names < cardinality(resolve_customer.p_keys) THEN
    WITH learnt AS (
      INSERT INTO affiliate_private.customer_identity AS i (project_id, kind, identity_key, customer_id)
      SELECT resolve_customer.p_project_id, k.kind, k.identity_key, resolve_customer.customer_id
      FROM unnest(resolve_customer.p_kinds, resolve_customer.p_keys) AS k (kind, identity_key)
      ON CONFLICT ON CONSTRAINT customer_identity_pkey DO NOTHING
      RETURNING i.kind, i.identity_key
    )
    SELECT array_agg(learnt.identity_key) INTO v_emails FROM learnt WHERE learnt.kind = 'email';
  END IF;
  IF cardinality(v_ids) > 1 OR cardinality(v_ids) = 1 AND v_emails IS NOT NULL THEN
    unsettled := affiliate_private.reached_sales(resolve_customer.p_project_id, v_ids, v_emails);
  END IF;
  IF cardinality(v_ids) > 1 THEN
    PERFORM affiliate_private.merge_customers(resolve_customer.p_project_id, v_ids[1], v_ids[2:]);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.resolve_customer(bigint, text[], text[], text, text[], boolean) IS 'The one customer these identities and this payment belong to, locked; creates it (NULL without p_create), or merges the ones there are. unsettled: the sales that a merge or another email may change, which the caller settles.';

CREATE OR REPLACE FUNCTION affiliate_private.known_customers(p_project_id bigint, p_kinds text[], p_keys text[], p_provider text, p_payment text[],
                                                             OUT customer_ids bigint[], OUT names integer)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_found record;
BEGIN
  customer_ids := '{}';
  names        := 0;
  FOR v_found IN
    SELECT i.customer_id, true AS is_named
    FROM unnest(known_customers.p_kinds, known_customers.p_keys) AS k (kind, identity_key)
    JOIN affiliate_private.customer_identity AS i
      ON i.project_id = known_customers.p_project_id AND i.kind = k.kind AND i.identity_key = k.identity_key
    UNION ALL
    SELECT s.customer_id, false FROM affiliate_private.sale AS s
    WHERE s.project_id = known_customers.p_project_id AND s.provider = known_customers.p_provider AND s.sale_key = ANY (known_customers.p_payment)
    UNION ALL
    SELECT e.customer_id, false FROM affiliate_private.evidence AS e
    WHERE e.project_id = known_customers.p_project_id AND e.provider = known_customers.p_provider AND e.scope_key = ANY (known_customers.p_payment)
    UNION ALL
    SELECT i.customer_id, false FROM affiliate_private.customer_identity AS i
    WHERE i.project_id = known_customers.p_project_id AND i.kind = affiliate_private.payment_kind(known_customers.p_provider)
      AND i.identity_key = ANY (known_customers.p_payment)
  LOOP
    names := names + v_found.is_named::integer;
    IF v_found.customer_id <> ALL (customer_ids) THEN
      customer_ids := customer_ids || v_found.customer_id;
    END IF;
  END LOOP;
  IF cardinality(customer_ids) > 1 THEN
    customer_ids := ARRAY(SELECT c.id FROM unnest(customer_ids) AS c (id) ORDER BY c.id);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.known_customers(bigint, text[], text[], text, text[]) IS 'The customers that identities and the ids of a payment lead to, the oldest first, and how many of the identities are known.';

CREATE OR REPLACE FUNCTION affiliate_private.payment_kind(p_provider text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT payment_kind.p_provider || ':payment'
$$;
COMMENT ON FUNCTION affiliate_private.payment_kind(text) IS 'The kind of customer_identity under which a payment is remembered whose customer is known before its money.';

CREATE OR REPLACE FUNCTION affiliate_private.subscription_kind(p_provider text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT subscription_kind.p_provider || ':subscription'
$$;
COMMENT ON FUNCTION affiliate_private.subscription_kind(text) IS 'The kind of customer_identity of a provider''s subscriptions.';

CREATE OR REPLACE FUNCTION affiliate_private.lock_customers(p_project_id bigint, p_customer_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_names text[] := '{}';
  v_id    bigint;
BEGIN
  FOREACH v_id IN ARRAY lock_customers.p_customer_ids LOOP
    v_names := v_names || ('customer:' || v_id);
  END LOOP;
  PERFORM affiliate_private.lock_facts(lock_customers.p_project_id, v_names);
END
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
COMMENT ON FUNCTION affiliate_private.merge_customers(bigint, bigint, bigint[]) IS 'Makes several customers one; all of them must be locked, and the caller settles what that changes (reached_sales).';

CREATE OR REPLACE FUNCTION affiliate_private.reached_sales(p_project_id bigint, p_customer_ids bigint[], p_emails text[]) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN ARRAY(
    SELECT s.sale_id
    FROM unnest(reached_sales.p_customer_ids) AS c (customer_id)
    CROSS JOIN LATERAL (SELECT affiliate_private.reach_since(reached_sales.p_project_id, c.customer_id,
                          array_remove(reached_sales.p_customer_ids, c.customer_id), reached_sales.p_emails)) AS r (since)
    JOIN affiliate_private.sale AS s
      ON s.project_id = reached_sales.p_project_id AND s.customer_id = c.customer_id
         AND (s.occurred_at > r.since - interval '1 second'
              -- Nobody knew the buyer's email.
              OR EXISTS (SELECT FROM affiliate_private.conversion AS v
                         WHERE v.project_id = s.project_id AND v.sale_id = s.sale_id AND v.referred_user_id IS NULL)));
END
$$;
COMMENT ON FUNCTION affiliate_private.reached_sales(bigint, bigint[], text[]) IS 'The sales of these customers that may be settled otherwise once they are one, with new emails besides; before they are merged.';

CREATE OR REPLACE FUNCTION affiliate_private.reach_since(p_project_id bigint, p_customer_id bigint, p_other_ids bigint[], p_emails text[]) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_emails text[] := reach_since.p_emails || ARRAY(
    SELECT i.identity_key FROM affiliate_private.customer_identity AS i
    WHERE i.project_id = reach_since.p_project_id AND i.customer_id = ANY (reach_since.p_other_ids) AND i.kind = 'email');
BEGIN
  -- What the others bring: an email that is an affiliate's (self-referral), what the owner said of an email, touches, and
  -- an earlier first purchase.
  IF EXISTS (SELECT FROM affiliate_private.affiliate AS a
             WHERE a.project_id = reach_since.p_project_id AND a.email_key = ANY (v_emails) AND a.deleted_at IS NULL) THEN
    RETURN '-infinity';
  END IF;
  RETURN coalesce(least(
    (SELECT min(l.effective_at) FROM affiliate_private.referral_link AS l
     WHERE l.project_id = reach_since.p_project_id AND l.email_key = ANY (v_emails)),
    (SELECT min(e.observed_at) FROM affiliate_private.evidence AS e
     WHERE e.project_id = reach_since.p_project_id AND e.customer_id = ANY (reach_since.p_other_ids)),
    (SELECT min(o.occurred_at) FROM affiliate_private.sale AS o
     WHERE o.project_id = reach_since.p_project_id AND o.customer_id = ANY (reach_since.p_other_ids) AND o.base_minor > 0 AND o.type = 'purchase'
       -- A customer may have sales, and none with money.
       AND o.occurred_at <= (SELECT coalesce(min(f.occurred_at), 'infinity') FROM affiliate_private.sale AS f
                             WHERE f.project_id = reach_since.p_project_id AND f.customer_id = reach_since.p_customer_id
                               AND f.base_minor > 0 AND f.type = 'purchase'))), 'infinity');
END
$$;
COMMENT ON FUNCTION affiliate_private.reach_since(bigint, bigint, bigint[], text[]) IS 'From when on a customer''s sales may be settled otherwise once the others are the same customer and have these emails; infinity where it makes no difference.';
