CREATE OR REPLACE FUNCTION affiliate_private.merge_sale(p_project_id bigint, p_provider text, p_customer_id bigint, p_event_key text, p_occurred_at timestamptz, p_fact jsonb,
                                                        p_begun_subscription text) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_sale  jsonb := merge_sale.p_fact -> 'sale';
  v_bases    bigint[] := '{}';
  v_products text[]   := '{}';
  v_base     bigint   := 0;
  v_line  jsonb;
  v_known boolean;
  v_new   affiliate_private.sale;
BEGIN
  FOR v_n IN 0 .. jsonb_array_length(v_sale -> 'lines') - 1 LOOP
    v_line     := v_sale #> ARRAY['lines', v_n::text];
    v_bases    := v_bases || (v_line ->> 'base_minor')::bigint;
    v_products := v_products || coalesce(v_line ->> 'product', '');
    v_base     := v_base + (v_line ->> 'base_minor')::bigint;
  END LOOP;
  v_known := EXISTS (SELECT FROM affiliate_private.sale AS s
                     WHERE s.project_id = merge_sale.p_project_id AND s.provider = merge_sale.p_provider AND s.sale_key = v_sale ->> 'key');
  INSERT INTO affiliate_private.sale AS s
    (project_id, provider, sale_key, type, customer_id, email, occurred_at, source_key, currency, gross_minor, base_minor, refund_basis_minor,
     line_base_minor, line_product, customer_key, subscription_key, reason, counts_at)
  VALUES (merge_sale.p_project_id, merge_sale.p_provider, v_sale ->> 'key', coalesce(v_sale ->> 'type', 'purchase'), merge_sale.p_customer_id,
          merge_sale.p_fact ->> 'email', merge_sale.p_occurred_at, merge_sale.p_event_key,
          affiliate_private.check_currency(coalesce(v_sale ->> 'currency', '')), (v_sale ->> 'gross_minor')::bigint,
          v_base, (coalesce(v_sale ->> 'refund_basis_minor', v_sale ->> 'gross_minor'))::bigint, v_bases, v_products,
          merge_sale.p_fact ->> 'customer_key', coalesce(v_sale ->> 'subscription_key', merge_sale.p_begun_subscription), coalesce(v_sale ->> 'reason', 'purchase'),
          affiliate_private.counted_at(merge_sale.p_occurred_at))
  ON CONFLICT ON CONSTRAINT sale_sale_key DO UPDATE
    SET email = excluded.email, occurred_at = excluded.occurred_at, source_key = excluded.source_key, currency = excluded.currency,
        gross_minor = excluded.gross_minor, base_minor = excluded.base_minor, refund_basis_minor = excluded.refund_basis_minor,
        line_base_minor = excluded.line_base_minor, line_product = excluded.line_product, customer_key = excluded.customer_key,
        subscription_key = coalesce(excluded.subscription_key, s.subscription_key), reason = excluded.reason,
        counts_at = greatest(excluded.occurred_at, least(excluded.counts_at, s.counts_at))
    WHERE (excluded.occurred_at, excluded.source_key) < (s.occurred_at, s.source_key)
  RETURNING s.* INTO v_new;
  IF v_new.sale_id IS NULL AND v_sale ->> 'subscription_key' IS NOT NULL THEN
    -- What gave the figures knew of no subscription: history that was imported.
    UPDATE affiliate_private.sale AS s SET subscription_key = v_sale ->> 'subscription_key'
    WHERE s.project_id = merge_sale.p_project_id AND s.provider = merge_sale.p_provider AND s.sale_key = v_sale ->> 'key' AND s.subscription_key IS NULL
    RETURNING s.* INTO v_new;
  END IF;
  IF v_sale ? 'edit' THEN
    PERFORM affiliate_private.edit_sale(merge_sale.p_project_id, v_new.sale_id, v_sale -> 'edit');
  END IF;
  -- One payment more does not change what later ones pay, unless it is the first.
  RETURN CASE WHEN v_new.sale_id IS NOT NULL AND (v_known OR affiliate_private.is_first(v_new)) THEN v_new.occurred_at ELSE 'infinity' END;
END
$$;
COMMENT ON FUNCTION affiliate_private.merge_sale(bigint, text, bigint, text, timestamptz, jsonb, text) IS 'Stores a sale; of several events about it the first by (provider time, event key) gives the figures; p_begun_subscription is the one its payment is known to begin. Gives the moment from which on that may change other sales of the customer, infinity for none.';

CREATE OR REPLACE FUNCTION affiliate_private.is_first(p_sale affiliate_private.sale) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_sale affiliate_private.sale := is_first.p_sale;
BEGIN
  IF v_sale.base_minor <= 0 THEN
    RETURN coalesce(affiliate_private.first_payment(v_sale.project_id, v_sale.provider, v_sale.subscription_key) = v_sale.sale_key, false);
  ELSIF v_sale.subscription_key IS NOT NULL AND NOT affiliate_private.is_renewal(v_sale) THEN
    RETURN true;
  END IF;
  PERFORM FROM affiliate_private.sale AS f
  WHERE f.project_id = v_sale.project_id AND f.customer_id = v_sale.customer_id AND f.base_minor > 0 AND f.type = 'purchase'
    AND (f.occurred_at, f.provider, f.sale_key) < (v_sale.occurred_at, v_sale.provider, v_sale.sale_key)
  LIMIT 1;
  RETURN NOT FOUND;
END
$$;
COMMENT ON FUNCTION affiliate_private.is_first(affiliate_private.sale) IS 'Whether a sale is the first with money of its customer or of its subscription, which decides what later ones earn, or the very first of its subscription, which decides who earns.';

CREATE OR REPLACE FUNCTION affiliate_private.merge_links(p_project_id bigint, p_provider text, p_links jsonb) RETURNS text[]
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_aliases text[];
BEGIN
  WITH learnt AS (
    INSERT INTO affiliate_private.payment_link AS k (project_id, provider, alias_key, target_key)
    SELECT DISTINCT merge_links.p_project_id, merge_links.p_provider, l.link ->> 'alias', l.link ->> 'target'
    FROM jsonb_array_elements(merge_links.p_links) AS l (link)
    WHERE l.link ->> 'alias' <> l.link ->> 'target'
    ON CONFLICT ON CONSTRAINT payment_link_pkey DO NOTHING
    RETURNING k.alias_key)
  SELECT coalesce(array_agg(learnt.alias_key), '{}') INTO v_aliases FROM learnt;
  RETURN v_aliases;
END
$$;
COMMENT ON FUNCTION affiliate_private.merge_links(bigint, text, jsonb) IS 'Stores which ids belong to one payment and gives those of which that is new.';

CREATE OR REPLACE FUNCTION affiliate_private.counted_at(p_occurred_at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- What a provider tells in whole seconds happened somewhere in that second, but not after it was heard of. So what the owner
  -- said, or the customer clicked, just before a sale counts for it, and what was said just after it does not.
  IF counted_at.p_occurred_at = date_trunc('second', counted_at.p_occurred_at) THEN
    RETURN greatest(counted_at.p_occurred_at, least(counted_at.p_occurred_at + interval '999999 microseconds', clock_timestamp()));
  END IF;
  RETURN counted_at.p_occurred_at;
END
$$;
COMMENT ON FUNCTION affiliate_private.counted_at(timestamptz) IS 'The moment by whose settings something counts that is told now and happened then.';
