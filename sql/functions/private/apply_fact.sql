-- A fact document is what one provider event states:
-- {"customer_key", "email",
--  "links":        [{"alias", "target"}]                                   two ids of one payment
--  "sale":         {"key", "type", "currency", "gross_minor", "refund_basis_minor", "lines": [{"base_minor", "product"}],
--                   "subscription_key", "reason", "edit"}
--  "scope":        the payment or subscription:<id> it is about, where there is no sale
--  "evidence":     [{"scope", "source", "namespace", "code", "effective_at"}]
--  "refund":       {"key", "alias", "mode", "amount_minor", "currency", "void"}
--  "subscription": {"key", "ended_at", "product"}
--  "discount":     {"key", "code"}}
-- Everything is optional. Evidence without a scope is about the sale, else about "scope".

CREATE OR REPLACE FUNCTION affiliate_private.apply_fact(p_project_id bigint, p_provider text, p_event_key text, p_occurred_at timestamptz, p_fact jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_fact         jsonb := apply_fact.p_fact;
  v_scope        text  := coalesce(v_fact #>> '{sale,key}', v_fact ->> 'scope');
  v_kinds        text[];
  v_keys         text[];
  v_payment      text[];
  v_customer     record;
  v_since        timestamptz := 'infinity';
  v_changed      text[];
  v_learnt       text[];
  v_subscription text;
BEGIN
  IF v_fact ? 'discount' THEN
    PERFORM affiliate_private.merge_discount(apply_fact.p_project_id, apply_fact.p_provider, apply_fact.p_event_key, apply_fact.p_occurred_at, v_fact -> 'discount');
    RETURN;
  END IF;
  PERFORM affiliate_private.lock_inputs(apply_fact.p_project_id, false);
  SELECT array_agg(i.kind), array_agg(i.identity_key) INTO v_kinds, v_keys FROM affiliate_private.fact_identities(apply_fact.p_provider, v_fact) AS i;
  v_payment := affiliate_private.lock_payment(apply_fact.p_project_id, apply_fact.p_provider, affiliate_private.payment_keys(v_fact),
                                              ARRAY(SELECT k.kind || ':' || k.identity_key FROM unnest(v_kinds, v_keys) AS k (kind, identity_key)));
  v_changed := affiliate_private.merge_links(apply_fact.p_project_id, apply_fact.p_provider, v_fact -> 'links');
  v_subscription := affiliate_private.begun_subscription(v_payment);
  v_customer := affiliate_private.resolve_customer(apply_fact.p_project_id, v_kinds, v_keys, apply_fact.p_provider, v_payment,
                                                   v_keys IS NOT NULL OR v_fact ? 'sale');
  IF v_fact ? 'sale' THEN
    v_since := affiliate_private.merge_sale(apply_fact.p_project_id, apply_fact.p_provider, v_customer.customer_id, apply_fact.p_event_key,
                                            apply_fact.p_occurred_at, v_fact, v_subscription);
  END IF;
  IF v_subscription IS NOT NULL THEN
    PERFORM affiliate_private.adopt_first_payment(apply_fact.p_project_id, apply_fact.p_provider, v_payment, v_subscription);
  END IF;
  IF v_customer.customer_id IS NOT NULL THEN
    v_learnt := affiliate_private.merge_evidence(apply_fact.p_project_id, apply_fact.p_provider, v_customer.customer_id, v_scope,
                                                 apply_fact.p_occurred_at, v_fact -> 'evidence');
    -- A touch of the customer from now on, whatever it is about.
    v_since   := least(v_since, CASE WHEN cardinality(v_learnt) > 0 THEN apply_fact.p_occurred_at END);
    v_changed := v_changed || v_learnt;
  END IF;
  IF v_fact ? 'refund' THEN
    PERFORM affiliate_private.merge_refund(apply_fact.p_project_id, apply_fact.p_provider, apply_fact.p_event_key, apply_fact.p_occurred_at, v_fact -> 'refund');
  END IF;
  IF v_fact ? 'subscription' THEN
    v_changed := v_changed
      || affiliate_private.merge_subscription(apply_fact.p_project_id, apply_fact.p_provider, v_fact -> 'subscription')
      || affiliate_private.merge_subscription_product(apply_fact.p_project_id, apply_fact.p_provider, apply_fact.p_occurred_at, v_fact -> 'subscription');
  END IF;

  PERFORM affiliate_private.settle_sales(apply_fact.p_project_id,
    affiliate_private.touched_sales(apply_fact.p_project_id, apply_fact.p_provider, v_payment, v_changed, v_customer.customer_id, v_since, v_customer.unsettled));
  PERFORM affiliate_private.announce_end(apply_fact.p_project_id, apply_fact.p_provider,
                                         coalesce(v_subscription, v_fact #>> '{sale,subscription_key}', v_fact #>> '{subscription,key}'));
END
$$;
COMMENT ON FUNCTION affiliate_private.apply_fact(bigint, text, text, timestamptz, jsonb) IS 'Merges what one event states into what is known, and settles the sales it touches.';

CREATE OR REPLACE FUNCTION affiliate_private.fact_identities(p_provider text, p_fact jsonb) RETURNS TABLE (kind text, identity_key text)
LANGUAGE sql IMMUTABLE AS $$
  SELECT k.kind, k.identity_key
  FROM (VALUES (fact_identities.p_provider, fact_identities.p_fact ->> 'customer_key'),
               ('email', affiliate_private.fold_key(fact_identities.p_fact ->> 'email')),
               -- Without a sale nothing else would lead from this payment to its customer.
               (affiliate_private.payment_kind(fact_identities.p_provider),
                CASE WHEN NOT fact_identities.p_fact ? 'sale' THEN fact_identities.p_fact ->> 'scope' END)) AS k (kind, identity_key)
  WHERE k.identity_key IS NOT NULL
  UNION
  -- A subscription is one customer's, whatever its payments say.
  SELECT affiliate_private.subscription_kind(fact_identities.p_provider), s.subscription_key
  FROM (SELECT fact_identities.p_fact #>> '{sale,subscription_key}' AS subscription_key
        UNION ALL SELECT fact_identities.p_fact #>> '{subscription,key}'
        UNION ALL SELECT affiliate_private.scope_subscription(e.item ->> 'scope') FROM jsonb_array_elements(fact_identities.p_fact -> 'evidence') AS e (item)) AS s
  WHERE s.subscription_key IS NOT NULL
$$;
COMMENT ON FUNCTION affiliate_private.fact_identities(text, jsonb) IS 'The names a fact gives its customer: provider id, email, the payment where it has no sale, subscriptions.';

CREATE OR REPLACE FUNCTION affiliate_private.payment_keys(p_fact jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY(
    SELECT payment_keys.p_fact #>> '{sale,key}'
    UNION SELECT payment_keys.p_fact ->> 'scope'
    UNION SELECT payment_keys.p_fact #>> '{refund,alias}'
    UNION SELECT l.link ->> k.key FROM jsonb_array_elements(payment_keys.p_fact -> 'links') AS l (link), unnest(ARRAY['alias', 'target']) AS k (key)
    EXCEPT SELECT NULL)
$$;
COMMENT ON FUNCTION affiliate_private.payment_keys(jsonb) IS 'The payment ids a fact names.';

CREATE OR REPLACE FUNCTION affiliate_private.touched_sales(p_project_id bigint, p_provider text, p_payment text[], p_changed text[], p_customer_id bigint,
                                                           p_since timestamptz, p_unsettled bigint[]) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN ARRAY(
    SELECT s.sale_id FROM (
      SELECT p.sale_id, p.occurred_at, p.sale_key FROM affiliate_private.sale AS p
      WHERE p.project_id = touched_sales.p_project_id AND p.provider = touched_sales.p_provider AND p.sale_key = ANY (touched_sales.p_payment)
      UNION
      SELECT l.sale_id, l.occurred_at, l.sale_key FROM affiliate_private.sale AS l
      WHERE l.project_id = touched_sales.p_project_id AND l.customer_id = touched_sales.p_customer_id AND l.occurred_at >= touched_sales.p_since
      UNION
      SELECT m.sale_id, m.occurred_at, m.sale_key FROM affiliate_private.sale AS m
      WHERE m.project_id = touched_sales.p_project_id AND m.sale_id = ANY (touched_sales.p_unsettled)
      UNION
      -- Where something new was said of a subscription, or of its first payment: all its payments.
      SELECT b.sale_id, b.occurred_at, b.sale_key FROM affiliate_private.sale AS b
      WHERE b.project_id = touched_sales.p_project_id AND b.provider = touched_sales.p_provider
        AND b.subscription_key IN (
          SELECT affiliate_private.scope_subscription(k.key) FROM unnest(touched_sales.p_changed || touched_sales.p_payment) AS k (key)
          WHERE cardinality(touched_sales.p_changed) > 0)
      UNION
      SELECT c.sale_id, c.occurred_at, c.sale_key FROM affiliate_private.sale AS c
      WHERE c.project_id = touched_sales.p_project_id AND c.customer_id = touched_sales.p_customer_id
        AND EXISTS (SELECT FROM unnest(touched_sales.p_changed) AS k (key) WHERE k.key LIKE 'customer:%')) AS s
    ORDER BY s.occurred_at, s.sale_key);
END
$$;
COMMENT ON FUNCTION affiliate_private.touched_sales(bigint, text, text[], text[], bigint, timestamptz, bigint[]) IS 'The sales that a fact may change, in the order they are settled in: those of its payment, what its customer bought from p_since on, p_unsettled, and what evidence about the scopes p_changed speaks for.';

CREATE OR REPLACE FUNCTION affiliate_private.scope_subscription(p_key text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  -- subscription:<id>, and subscription:<id>:first for its first payment
  SELECT substring(scope_subscription.p_key FROM '^subscription:([^:]+)')
$$;
COMMENT ON FUNCTION affiliate_private.scope_subscription(text) IS 'The subscription a scope is about, NULL for others.';
