CREATE OR REPLACE FUNCTION affiliate_private.merge_subscription(p_project_id bigint, p_provider text, p_subscription jsonb) RETURNS text[]
LANGUAGE sql VOLATILE AS $$
  WITH learnt AS (
    INSERT INTO affiliate_private.subscription AS s (project_id, provider, subscription_key, ended_at, counts_at)
    SELECT merge_subscription.p_project_id, merge_subscription.p_provider, merge_subscription.p_subscription ->> 'key', t.ended_at, affiliate_private.counted_at(t.ended_at)
    FROM (SELECT (merge_subscription.p_subscription ->> 'ended_at')::timestamptz) AS t (ended_at)
    WHERE t.ended_at IS NOT NULL
    ON CONFLICT ON CONSTRAINT subscription_pkey DO UPDATE SET ended_at = excluded.ended_at, counts_at = excluded.counts_at WHERE excluded.ended_at < s.ended_at
    RETURNING s.subscription_key)
  SELECT coalesce(array_agg('subscription:' || learnt.subscription_key), '{}') FROM learnt
$$;
COMMENT ON FUNCTION affiliate_private.merge_subscription(bigint, text, jsonb) IS 'Stores that a subscription has ended, the earliest word of it, and gives its scope where that is new.';

CREATE OR REPLACE FUNCTION affiliate_private.merge_subscription_product(p_project_id bigint, p_provider text, p_occurred_at timestamptz, p_subscription jsonb) RETURNS text[]
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_key     text := merge_subscription_product.p_subscription ->> 'key';
  v_product text := merge_subscription_product.p_subscription ->> 'product';
  v_before  text := affiliate_private.subscription_product_at(merge_subscription_product.p_project_id, merge_subscription_product.p_provider, v_key,
                                                              merge_subscription_product.p_occurred_at);
BEGIN
  IF v_product IS NULL THEN
    RETURN '{}';
  END IF;
  INSERT INTO affiliate_private.subscription_product AS s (project_id, provider, subscription_key, effective_at, product_key)
  VALUES (merge_subscription_product.p_project_id, merge_subscription_product.p_provider, v_key, merge_subscription_product.p_occurred_at, v_product)
  ON CONFLICT ON CONSTRAINT subscription_product_pkey DO UPDATE SET product_key = excluded.product_key WHERE excluded.product_key > s.product_key;
  -- Most news of a subscription is about something else. What it was for then is still kept: an older change may become known later.
  RETURN CASE WHEN FOUND AND v_before IS DISTINCT FROM v_product THEN ARRAY['subscription:' || v_key] ELSE '{}' END;
END
$$;
COMMENT ON FUNCTION affiliate_private.merge_subscription_product(bigint, text, timestamptz, jsonb) IS 'Stores what a subscription was for at a moment and gives its scope where that is new.';

CREATE OR REPLACE FUNCTION affiliate_private.subscription_product_at(p_project_id bigint, p_provider text, p_subscription_key text, p_at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT v.product_key FROM affiliate_private.subscription_product AS v
          WHERE v.project_id = subscription_product_at.p_project_id AND v.provider = subscription_product_at.p_provider
            AND v.subscription_key = subscription_product_at.p_subscription_key
          ORDER BY v.effective_at <= subscription_product_at.p_at DESC,
                   CASE WHEN v.effective_at <= subscription_product_at.p_at THEN v.effective_at END DESC, v.effective_at
          LIMIT 1);
END
$$;
COMMENT ON FUNCTION affiliate_private.subscription_product_at(bigint, text, text, timestamptz) IS 'The product a subscription was for at a moment; before the first word of it, the first; NULL where nothing is known.';

CREATE OR REPLACE FUNCTION affiliate_private.begun_subscription(p_payment text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_first text;
  v_key   text;
BEGIN
  FOREACH v_key IN ARRAY begun_subscription.p_payment LOOP
    IF v_key ~ '^subscription:[^:]+:first$' THEN
      v_first := least(v_first, affiliate_private.scope_subscription(v_key));
    END IF;
  END LOOP;
  RETURN v_first;
END
$$;
COMMENT ON FUNCTION affiliate_private.begun_subscription(text[]) IS 'The subscription whose first payment goes by these ids, NULL for none.';

CREATE OR REPLACE FUNCTION affiliate_private.adopt_first_payment(p_project_id bigint, p_provider text, p_payment text[], p_subscription_key text) RETURNS text[]
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_scopes text[];
BEGIN
  -- Its own event may not say that it begins a subscription (a LemonSqueezy order): the link does, before or after it.
  WITH adopted AS (
    UPDATE affiliate_private.sale AS s SET subscription_key = adopt_first_payment.p_subscription_key
    FROM affiliate_private.sale AS o
    WHERE o.project_id = adopt_first_payment.p_project_id AND o.provider = adopt_first_payment.p_provider AND o.sale_key = ANY (adopt_first_payment.p_payment)
      AND o.subscription_key IS DISTINCT FROM adopt_first_payment.p_subscription_key
      -- One that names another subscription itself stays with that.
      AND (o.subscription_key IS NULL OR affiliate_private.subscription_scope(o.subscription_key) || ':first' = ANY (adopt_first_payment.p_payment))
      AND s.project_id = o.project_id AND s.sale_id = o.sale_id
    RETURNING ARRAY[o.subscription_key, s.subscription_key] AS keys)
  SELECT coalesce(array_agg(affiliate_private.subscription_scope(k.key)), '{}') INTO v_scopes
  FROM adopted CROSS JOIN unnest(adopted.keys) AS k (key) WHERE k.key IS NOT NULL;
  RETURN v_scopes;
END
$$;
COMMENT ON FUNCTION affiliate_private.adopt_first_payment(bigint, text, text[], text) IS 'Makes the sale of a payment one of the subscription whose first payment it is known to be, and gives the subscriptions that one was added to or taken from.';

CREATE OR REPLACE FUNCTION affiliate_private.sale_products(p_sale affiliate_private.sale) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF (sale_products.p_sale).subscription_key IS NULL OR '' <> ALL ((sale_products.p_sale).line_product) THEN
    RETURN (sale_products.p_sale).line_product;
  END IF;
  RETURN array_replace((sale_products.p_sale).line_product, '', coalesce(affiliate_private.subscription_product_at(
    (sale_products.p_sale).project_id, (sale_products.p_sale).provider, (sale_products.p_sale).subscription_key, (sale_products.p_sale).counts_at), ''));
END
$$;
COMMENT ON FUNCTION affiliate_private.sale_products(affiliate_private.sale) IS 'The product of each line of a sale; where its event named none, what its subscription was for at its time.';

CREATE OR REPLACE FUNCTION affiliate_private.announce_end(p_project_id bigint, p_provider text, p_subscription_key text) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.conversion;
BEGIN
  IF NOT EXISTS (SELECT FROM affiliate_private.subscription AS e
                 WHERE e.project_id = announce_end.p_project_id AND e.provider = announce_end.p_provider
                   AND e.subscription_key = announce_end.p_subscription_key AND e.announced_at IS NULL) THEN
    RETURN;
  END IF;
  -- About the last payment that somebody is credited with; a payment that becomes known later can still be the first such.
  SELECT c.* INTO v_row
  FROM affiliate_private.subscription AS e
  JOIN affiliate_private.sale AS s ON s.project_id = e.project_id AND s.provider = e.provider AND s.subscription_key = e.subscription_key
  JOIN affiliate_private.conversion AS c ON c.project_id = s.project_id AND c.sale_id = s.sale_id
  WHERE e.project_id = announce_end.p_project_id AND e.provider = announce_end.p_provider AND e.subscription_key = announce_end.p_subscription_key
    AND e.announced_at IS NULL AND c.affiliate_id IS NOT NULL AND c.deleted_at IS NULL
  ORDER BY s.occurred_at DESC, s.sale_key DESC LIMIT 1;
  IF FOUND THEN
    UPDATE affiliate_private.subscription AS e SET announced_at = clock_timestamp()
    WHERE e.project_id = announce_end.p_project_id AND e.provider = announce_end.p_provider AND e.subscription_key = announce_end.p_subscription_key;
    PERFORM affiliate_private.emit_conversion_webhook(v_row, 'referral_canceled', 0, 'subscription_canceled');
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.announce_end(bigint, text, text) IS 'referral_canceled for a subscription that has ended, once.';
