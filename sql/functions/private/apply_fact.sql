CREATE OR REPLACE FUNCTION affiliate_private.apply_fact(p_project_id bigint, p_provider text, p_event_key text, p_occurred_at timestamptz, p_fact jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM affiliate_private.lock_inputs(apply_fact.p_project_id, false);
  IF apply_fact.p_fact ->> 'kind' = 'refund' THEN
    PERFORM affiliate_private.apply_refund_fact(apply_fact.p_project_id, apply_fact.p_provider, apply_fact.p_occurred_at, apply_fact.p_fact);
  ELSE
    PERFORM affiliate_private.apply_sale_fact(apply_fact.p_project_id, apply_fact.p_provider, apply_fact.p_event_key, apply_fact.p_occurred_at, apply_fact.p_fact);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.apply_fact(bigint, text, text, timestamptz, jsonb) IS 'Merges one fact into what is known and settles the sales it touches.';

CREATE OR REPLACE FUNCTION affiliate_private.apply_sale_fact(p_project_id bigint, p_provider text, p_event_key text, p_occurred_at timestamptz, p_fact jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_email    text   := apply_sale_fact.p_fact ->> 'email';
  v_aliases  text[] := ARRAY(SELECT jsonb_array_elements_text(apply_sale_fact.p_fact -> 'aliases'));
  v_kinds    text[];
  v_keys     text[];
  v_customer record;
  v_sale_ids bigint[];
BEGIN
  SELECT array_agg(k.kind), array_agg(k.identity_key) INTO v_kinds, v_keys
  FROM (VALUES (apply_sale_fact.p_provider, apply_sale_fact.p_fact ->> 'customer_key'), ('email', affiliate_private.fold_key(v_email)),
               -- A hint leaves no sale by which its payment would lead to this customer.
               (affiliate_private.payment_kind(apply_sale_fact.p_provider),
                CASE WHEN apply_sale_fact.p_fact ->> 'kind' = 'hint' THEN apply_sale_fact.p_fact ->> 'sale_key' END)) AS k (kind, identity_key)
  WHERE k.identity_key IS NOT NULL;
  PERFORM affiliate_private.lock_facts(apply_sale_fact.p_project_id,
    ARRAY(SELECT k.kind || ':' || k.identity_key FROM unnest(v_kinds, v_keys) AS k (kind, identity_key))
    || ARRAY(SELECT 'alias:' || apply_sale_fact.p_provider || ':' || a.alias_key FROM unnest(v_aliases) AS a (alias_key)));

  v_customer := affiliate_private.resolve_customer(apply_sale_fact.p_project_id, v_kinds, v_keys, apply_sale_fact.p_provider, apply_sale_fact.p_fact ->> 'sale_key');

  IF apply_sale_fact.p_fact ->> 'kind' = 'sale' THEN
    PERFORM affiliate_private.merge_sale(apply_sale_fact.p_project_id, apply_sale_fact.p_provider, v_customer.customer_id,
                                         apply_sale_fact.p_event_key, apply_sale_fact.p_occurred_at, apply_sale_fact.p_fact);
  END IF;
  PERFORM affiliate_private.merge_evidence(apply_sale_fact.p_project_id, apply_sale_fact.p_provider, v_customer.customer_id,
                                           apply_sale_fact.p_fact ->> 'sale_key', apply_sale_fact.p_occurred_at, apply_sale_fact.p_fact -> 'evidence');

  -- New evidence and earlier sales speak for later sales too; a merge settles the whole union again.
  SELECT array_agg(s.sale_id ORDER BY s.occurred_at, s.sale_key) INTO v_sale_ids
  FROM affiliate_private.sale AS s
  WHERE s.project_id = apply_sale_fact.p_project_id AND s.customer_id = v_customer.customer_id
    AND (v_customer.widened OR s.occurred_at >= apply_sale_fact.p_occurred_at
         OR s.sale_id IN (SELECT a.sale_id FROM affiliate_private.sale_alias AS a
                          WHERE a.project_id = apply_sale_fact.p_project_id AND a.provider = apply_sale_fact.p_provider AND a.alias_key = ANY (v_aliases)));
  PERFORM affiliate_private.settle_sales(apply_sale_fact.p_project_id, v_sale_ids);
END
$$;
COMMENT ON FUNCTION affiliate_private.apply_sale_fact(bigint, text, text, timestamptz, jsonb) IS 'Merges a sale or hint fact: customer, sale, aliases, evidence; then settles.';

CREATE OR REPLACE FUNCTION affiliate_private.merge_sale(p_project_id bigint, p_provider text, p_customer_id bigint, p_event_key text, p_occurred_at timestamptz, p_fact jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_lines   jsonb := merge_sale.p_fact -> 'lines';
  v_sale_id bigint;
BEGIN
  INSERT INTO affiliate_private.sale AS s
    (project_id, provider, sale_key, type, customer_id, email, occurred_at, source_key, currency, gross_minor, line_base_minor, line_product)
  VALUES (merge_sale.p_project_id, merge_sale.p_provider, merge_sale.p_fact ->> 'sale_key', coalesce(merge_sale.p_fact ->> 'type', 'purchase'), merge_sale.p_customer_id, merge_sale.p_fact ->> 'email',
          merge_sale.p_occurred_at, merge_sale.p_event_key,
          affiliate_private.check_currency(coalesce(merge_sale.p_fact ->> 'currency', '')), (merge_sale.p_fact ->> 'gross_minor')::bigint,
          ARRAY(SELECT (l.line ->> 'base_minor')::bigint FROM jsonb_array_elements(v_lines) WITH ORDINALITY AS l (line, n) ORDER BY l.n),
          ARRAY(SELECT l.line ->> 'product' FROM jsonb_array_elements(v_lines) WITH ORDINALITY AS l (line, n) ORDER BY l.n))
  ON CONFLICT ON CONSTRAINT sale_sale_key DO UPDATE
    SET email = excluded.email, occurred_at = excluded.occurred_at, source_key = excluded.source_key, currency = excluded.currency,
        gross_minor = excluded.gross_minor, line_base_minor = excluded.line_base_minor, line_product = excluded.line_product
    WHERE (excluded.occurred_at, excluded.source_key) < (s.occurred_at, s.source_key)
  RETURNING s.sale_id INTO v_sale_id;
  IF v_sale_id IS NULL THEN
    SELECT s.sale_id INTO STRICT v_sale_id FROM affiliate_private.sale AS s
    WHERE s.project_id = merge_sale.p_project_id AND s.provider = merge_sale.p_provider AND s.sale_key = merge_sale.p_fact ->> 'sale_key';
  END IF;
  INSERT INTO affiliate_private.sale_alias (project_id, provider, alias_key, sale_id)
  SELECT merge_sale.p_project_id, merge_sale.p_provider, a.alias_key, v_sale_id
  FROM jsonb_array_elements_text(merge_sale.p_fact -> 'aliases') AS a (alias_key)
  ON CONFLICT ON CONSTRAINT sale_alias_pkey DO NOTHING;
  IF merge_sale.p_fact ? 'edit' THEN
    PERFORM affiliate_private.edit_sale(merge_sale.p_project_id, v_sale_id, merge_sale.p_fact -> 'edit');
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.merge_sale(bigint, text, bigint, text, timestamptz, jsonb) IS 'Stores a sale; of several events about it the first by (provider time, event key) gives the figures.';

CREATE OR REPLACE FUNCTION affiliate_private.merge_evidence(p_project_id bigint, p_provider text, p_customer_id bigint, p_scope_key text, p_observed_at timestamptz, p_evidence jsonb) RETURNS void
LANGUAGE sql VOLATILE AS $$
  INSERT INTO affiliate_private.evidence AS e (project_id, customer_id, provider, scope_key, source, namespace, code_key, observed_at)
  SELECT DISTINCT merge_evidence.p_project_id, merge_evidence.p_customer_id, merge_evidence.p_provider, merge_evidence.p_scope_key,
         v.item ->> 'source', v.item ->> 'namespace', affiliate_private.fold_key(v.item ->> 'code'), merge_evidence.p_observed_at
  FROM jsonb_array_elements(merge_evidence.p_evidence) AS v (item)
  ON CONFLICT ON CONSTRAINT evidence_fact_key DO UPDATE SET observed_at = excluded.observed_at
    WHERE excluded.observed_at < e.observed_at
$$;
COMMENT ON FUNCTION affiliate_private.merge_evidence(bigint, text, bigint, text, timestamptz, jsonb) IS 'Stores attribution evidence once, with its earliest provider time.';

CREATE OR REPLACE FUNCTION affiliate_private.apply_refund_fact(p_project_id bigint, p_provider text, p_occurred_at timestamptz, p_fact jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_alias_key   text := apply_refund_fact.p_fact ->> 'alias_key';
  v_sale_id     bigint;
  v_customer_id bigint;
  v_locked_id   bigint;
BEGIN
  PERFORM affiliate_private.lock_facts(apply_refund_fact.p_project_id, ARRAY['alias:' || apply_refund_fact.p_provider || ':' || v_alias_key]);
  INSERT INTO affiliate_private.refund AS r (project_id, provider, refund_key, alias_key, amount_minor, basis_minor, currency, occurred_at)
  VALUES (apply_refund_fact.p_project_id, apply_refund_fact.p_provider, apply_refund_fact.p_fact ->> 'refund_key', v_alias_key,
          (apply_refund_fact.p_fact ->> 'amount_minor')::bigint, (apply_refund_fact.p_fact ->> 'basis_minor')::bigint,
          affiliate_private.check_currency(coalesce(apply_refund_fact.p_fact ->> 'currency', '')), apply_refund_fact.p_occurred_at)
  ON CONFLICT ON CONSTRAINT refund_pkey DO UPDATE
    SET amount_minor = greatest(r.amount_minor, excluded.amount_minor), basis_minor = greatest(r.basis_minor, excluded.basis_minor),
        occurred_at = least(r.occurred_at, excluded.occurred_at);
  -- The sale may not be known yet: then it finds this refund when it is settled. If it is, lock its customer as it is now.
  LOOP
    SELECT s.sale_id, s.customer_id INTO v_sale_id, v_customer_id
    FROM affiliate_private.sale_alias AS a
    JOIN affiliate_private.sale AS s ON s.project_id = a.project_id AND s.sale_id = a.sale_id
    WHERE a.project_id = apply_refund_fact.p_project_id AND a.provider = apply_refund_fact.p_provider AND a.alias_key = v_alias_key;
    EXIT WHEN NOT FOUND OR v_customer_id = v_locked_id;
    PERFORM affiliate_private.lock_customers(apply_refund_fact.p_project_id, ARRAY[v_customer_id]);
    v_locked_id := v_customer_id;
  END LOOP;
  IF v_sale_id IS NOT NULL THEN
    PERFORM affiliate_private.settle_sales(apply_refund_fact.p_project_id, ARRAY[v_sale_id]);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.apply_refund_fact(bigint, text, timestamptz, jsonb) IS 'Merges a cumulative refund by maximum and settles its sale where that is known.';
