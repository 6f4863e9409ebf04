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
  v_names        record := affiliate_private.fact_identities(apply_fact.p_provider, apply_fact.p_fact);
  v_payment      text[];
  v_customer     record;
  v_since        timestamptz := 'infinity';
  v_changed      text[] := '{}';
  v_learnt       text[];
  v_subscription text;
BEGIN
  IF v_fact ? 'discount' THEN
    PERFORM affiliate_private.merge_discount(apply_fact.p_project_id, apply_fact.p_provider, apply_fact.p_event_key, apply_fact.p_occurred_at, v_fact -> 'discount');
    RETURN;
  END IF;
  PERFORM affiliate_private.lock_inputs(apply_fact.p_project_id, false);
  v_payment := affiliate_private.lock_payment(apply_fact.p_project_id, apply_fact.p_provider, affiliate_private.payment_keys(v_fact), v_names.kinds, v_names.keys);
  IF v_fact #> '{links,0}' IS NOT NULL THEN
    v_changed := affiliate_private.merge_links(apply_fact.p_project_id, apply_fact.p_provider, v_fact -> 'links');
  END IF;
  v_subscription := affiliate_private.begun_subscription(v_payment);
  IF v_subscription IS NOT NULL THEN
    v_names.kinds := v_names.kinds || affiliate_private.subscription_kind(apply_fact.p_provider);
    v_names.keys  := v_names.keys || v_subscription;
  END IF;
  v_customer := affiliate_private.resolve_customer(apply_fact.p_project_id, v_names.kinds, v_names.keys, apply_fact.p_provider, v_payment,
                                                   cardinality(v_names.keys) > 0 OR v_fact ? 'sale');
  IF v_fact ? 'sale' THEN
    v_since := affiliate_private.merge_sale(apply_fact.p_project_id, apply_fact.p_provider, v_customer.customer_id, apply_fact.p_event_key,
                                            apply_fact.p_occurred_at, v_fact, v_subscription);
  END IF;
  IF v_subscription IS NOT NULL THEN
    v_changed := v_changed || affiliate_private.adopt_first_payment(apply_fact.p_project_id, apply_fact.p_provider, v_payment, v_subscription);
  END IF;
  IF v_customer.customer_id IS NOT NULL AND v_fact #> '{evidence,0}' IS NOT NULL THEN
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

CREATE OR REPLACE FUNCTION affiliate_private.fact_identities(p_provider text, p_fact jsonb, OUT kinds text[], OUT keys text[])
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_fact  jsonb := fact_identities.p_fact;
  v_subscription_kind CONSTANT text := affiliate_private.subscription_kind(fact_identities.p_provider);
  v_kinds text[] := ARRAY[fact_identities.p_provider, 'email', affiliate_private.payment_kind(fact_identities.p_provider), v_subscription_kind, v_subscription_kind];
  v_keys  text[] := ARRAY[v_fact ->> 'customer_key', affiliate_private.fold_key(v_fact ->> 'email'),
                          -- Without a sale nothing else would lead from this payment to its customer.
                          CASE WHEN NOT v_fact ? 'sale' THEN v_fact ->> 'scope' END,
                          v_fact #>> '{sale,subscription_key}', v_fact #>> '{subscription,key}'];
BEGIN
  -- A subscription is one customer's, whatever its payments say.
  FOR v_n IN 0 .. coalesce(jsonb_array_length(v_fact -> 'evidence'), 0) - 1 LOOP
    v_kinds := v_kinds || v_subscription_kind;
    v_keys  := v_keys || affiliate_private.scope_subscription(v_fact #>> ARRAY['evidence', v_n::text, 'scope']);
  END LOOP;
  FOR v_n IN 0 .. coalesce(jsonb_array_length(v_fact -> 'links'), 0) - 1 LOOP
    v_kinds := v_kinds || ARRAY[v_subscription_kind, v_subscription_kind];
    v_keys  := v_keys || affiliate_private.scope_subscription(v_fact #>> ARRAY['links', v_n::text, 'alias'])
                      || affiliate_private.scope_subscription(v_fact #>> ARRAY['links', v_n::text, 'target']);
  END LOOP;
  kinds := '{}';
  keys  := '{}';
  FOR v_n IN 1 .. cardinality(v_keys) LOOP
    IF v_keys[v_n] IS NOT NULL THEN
      kinds := kinds || v_kinds[v_n];
      keys  := keys || v_keys[v_n];
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION affiliate_private.fact_identities(text, jsonb) IS 'The names a fact gives its customer: provider id, email, the payment where it has no sale, subscriptions.';

CREATE OR REPLACE FUNCTION affiliate_private.payment_keys(p_fact jsonb) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_fact  jsonb  := payment_keys.p_fact;
  v_named text[] := ARRAY[v_fact #>> '{sale,key}', v_fact ->> 'scope', v_fact #>> '{refund,alias}'];
  v_keys  text[] := '{}';
  v_key   text;
BEGIN
  FOR v_n IN 0 .. coalesce(jsonb_array_length(v_fact -> 'links'), 0) - 1 LOOP
    v_named := v_named || (v_fact #>> ARRAY['links', v_n::text, 'alias']) || (v_fact #>> ARRAY['links', v_n::text, 'target']);
  END LOOP;
  FOREACH v_key IN ARRAY v_named LOOP
    IF v_key IS NOT NULL AND v_key <> ALL (v_keys) THEN
      v_keys := v_keys || v_key;
    END IF;
  END LOOP;
  RETURN v_keys;
END
$$;
COMMENT ON FUNCTION affiliate_private.payment_keys(jsonb) IS 'The payment ids a fact names.';

CREATE OR REPLACE FUNCTION affiliate_private.touched_sales(p_project_id bigint, p_provider text, p_payment text[], p_changed text[], p_customer_id bigint,
                                                           p_since timestamptz, p_unsettled bigint[]) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_subscriptions text[] := '{}';
BEGIN
  -- Most events tell of one payment more, and change nothing else.
  IF cardinality(touched_sales.p_changed) = 0 AND cardinality(touched_sales.p_unsettled) = 0 AND touched_sales.p_since = 'infinity' THEN
    RETURN ARRAY(
      SELECT p.sale_id FROM affiliate_private.sale AS p
      WHERE p.project_id = touched_sales.p_project_id AND p.provider = touched_sales.p_provider AND p.sale_key = ANY (touched_sales.p_payment)
      ORDER BY p.occurred_at, p.sale_key);
  END IF;
  -- Where something new was said of a subscription, or of its first payment: all its payments.
  IF cardinality(touched_sales.p_changed) > 0 THEN
    v_subscriptions := ARRAY(
      SELECT affiliate_private.scope_subscription(k.key) FROM unnest(touched_sales.p_changed || touched_sales.p_payment) AS k (key)
      UNION ALL
      SELECT f.subscription_key FROM affiliate_private.sale AS f
      WHERE f.project_id = touched_sales.p_project_id AND f.provider = touched_sales.p_provider AND f.sale_key = ANY (touched_sales.p_payment)
        AND f.sale_key = affiliate_private.first_payment(f.project_id, f.provider, f.subscription_key));
  END IF;
  RETURN ARRAY(
    SELECT s.sale_id FROM (
      SELECT p.sale_id, p.occurred_at, p.sale_key FROM affiliate_private.sale AS p
      WHERE p.project_id = touched_sales.p_project_id AND p.provider = touched_sales.p_provider AND p.sale_key = ANY (touched_sales.p_payment)
      UNION
      SELECT l.sale_id, l.occurred_at, l.sale_key FROM affiliate_private.sale AS l
      WHERE l.project_id = touched_sales.p_project_id AND l.customer_id = touched_sales.p_customer_id AND l.occurred_at > touched_sales.p_since - interval '1 second'
      UNION
      SELECT m.sale_id, m.occurred_at, m.sale_key FROM affiliate_private.sale AS m
      WHERE m.project_id = touched_sales.p_project_id AND m.sale_id = ANY (touched_sales.p_unsettled)
      UNION
      SELECT b.sale_id, b.occurred_at, b.sale_key FROM unnest(v_subscriptions) AS k (key)
      JOIN affiliate_private.sale AS b ON b.project_id = touched_sales.p_project_id AND b.provider = touched_sales.p_provider AND b.subscription_key = k.key
      UNION
      SELECT c.sale_id, c.occurred_at, c.sale_key FROM affiliate_private.sale AS c
      WHERE c.project_id = touched_sales.p_project_id AND c.customer_id = touched_sales.p_customer_id
        AND EXISTS (SELECT FROM unnest(touched_sales.p_changed) AS k (key) WHERE k.key LIKE 'customer:%')) AS s
    ORDER BY s.occurred_at, s.sale_key);
END
$$;
COMMENT ON FUNCTION affiliate_private.touched_sales(bigint, text, text[], text[], bigint, timestamptz, bigint[]) IS 'The sales that a fact may change, in the order they are settled in: those of its payment, what its customer bought from p_since on, p_unsettled, and what evidence about the scopes p_changed speaks for.';

CREATE OR REPLACE FUNCTION affiliate_private.payment_sales(p_project_id bigint, p_sale_id bigint) RETURNS bigint[]
LANGUAGE sql STABLE AS $$
  SELECT affiliate_private.touched_sales(s.project_id, s.provider, affiliate_private.payment_component(s.project_id, s.provider, ARRAY[s.sale_key]),
                                         '{}', s.customer_id, 'infinity', '{}')
  FROM affiliate_private.sale AS s WHERE s.project_id = payment_sales.p_project_id AND s.sale_id = payment_sales.p_sale_id
$$;
COMMENT ON FUNCTION affiliate_private.payment_sales(bigint, bigint) IS 'The sales of a payment under all its names, by that of one of them.';

CREATE OR REPLACE FUNCTION affiliate_private.scope_subscription(p_key text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  -- subscription:<id>, and subscription:<id>:first for its first payment
  SELECT substring(scope_subscription.p_key FROM '^subscription:([^:]+)')
$$;
COMMENT ON FUNCTION affiliate_private.scope_subscription(text) IS 'The subscription a scope is about, NULL for others.';
