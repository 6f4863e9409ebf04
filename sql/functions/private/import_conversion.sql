CREATE OR REPLACE FUNCTION affiliate_private.read_conversion(p_project_id bigint, p_fields jsonb, p_currency text,
  OUT error text, OUT sale affiliate_private.sale, OUT affiliate_id bigint, OUT value_minor bigint, OUT refunded_minor bigint, OUT paid boolean)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_fields jsonb := read_conversion.p_fields;
  v_key    text;
BEGIN
  sale.project_id   := read_conversion.p_project_id;
  sale.provider     := coalesce(lower(v_fields ->> 'provider'), 'import');
  IF sale.provider !~ '^[a-z][a-z0-9_]{0,39}$' OR sale.provider = 'api' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'provider must be a name such as stripe, or import';
  END IF;
  sale.type         := affiliate_private.check_setting('type', coalesce(lower(v_fields ->> 'type'), 'purchase'), '^(purchase|signup)$', '"purchase" or "signup"');
  sale.occurred_at  := affiliate_private.import_time('occurred_at', v_fields ->> 'occurred_at');
  IF sale.occurred_at IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'occurred_at is missing';
  END IF;
  sale.email        := CASE WHEN v_fields ? 'email' THEN affiliate_private.check_email('email', v_fields ->> 'email') END;
  sale.customer_key := v_fields ->> 'customer_key';
  sale.currency     := CASE WHEN v_fields ? 'currency' THEN affiliate_private.check_currency(upper(v_fields ->> 'currency')) ELSE read_conversion.p_currency END;
  sale.base_minor   := coalesce(affiliate_private.import_money('base_value', v_fields ->> 'base_value', sale.currency), 0);
  value_minor       := affiliate_private.import_money('value', v_fields ->> 'value', read_conversion.p_currency);
  refunded_minor    := coalesce(affiliate_private.import_money('refunded', v_fields ->> 'refunded', sale.currency), 0);
  IF sale.type = 'purchase' AND NOT v_fields ?| ARRAY['base_value', 'value'] THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'a purchase needs base_value or value';
  END IF;
  IF greatest(sale.base_minor, value_minor, refunded_minor) > 9000000000000 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'an amount is above 9x10^12 minor units';
  END IF;
  paid := affiliate_private.check_boolean('paid', coalesce(lower(v_fields ->> 'paid'), 'false'));
  affiliate_id := affiliate_private.import_affiliate_id(read_conversion.p_project_id, v_fields);
  IF affiliate_private.fx_ppb_at(sale.project_id, sale.currency, read_conversion.p_currency, sale.occurred_at) IS NULL THEN
    PERFORM affiliate_private.raise_no_rate(sale.currency, read_conversion.p_currency);
  END IF;
  -- Without a name of its own a line is known by all that it says.
  v_key := coalesce(v_fields ->> 'sale_key', v_fields ->> 'reference', 'line_' || encode(sha256(convert_to(v_fields::text, 'UTF8')), 'hex'));
  IF length(v_key) > 255 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'sale_key and reference have at most 255 characters';
  END IF;
  sale.sale_key := v_key;
EXCEPTION WHEN SQLSTATE 'RF400' OR SQLSTATE 'RF404' OR SQLSTATE 'RF422' OR data_exception THEN
  error := sqlerrm;
END
$$;
COMMENT ON FUNCTION affiliate_private.read_conversion(bigint, jsonb, text) IS 'A line of a file of conversions, checked; error says what is wrong with it.';

CREATE OR REPLACE FUNCTION affiliate_private.import_conversion(p_project_id bigint, p_fields jsonb) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_line record;
  v_sale affiliate_private.sale;
  v_payment text[];
  v_counted_as text;
  v_counts affiliate_private.conversion;
BEGIN
  v_line := affiliate_private.read_conversion(import_conversion.p_project_id, import_conversion.p_fields,
                                              affiliate_private.project_currency(import_conversion.p_project_id));
  v_sale := v_line.sale;
  IF v_line.error IS NOT NULL THEN
    RETURN v_line.error;
  ELSIF EXISTS (SELECT FROM affiliate_private.sale AS s
                WHERE s.project_id = v_sale.project_id AND s.provider = v_sale.provider AND s.sale_key = v_sale.sale_key) THEN
    RETURN 'known';
  ELSIF EXISTS (SELECT FROM affiliate_private.conversion AS c
                WHERE c.project_id = v_sale.project_id AND c.reference = import_conversion.p_fields ->> 'reference' AND c.deleted_at IS NULL) THEN
    RETURN CASE WHEN import_conversion.p_fields ? 'sale_key' THEN format('another conversion has the reference "%s"', import_conversion.p_fields ->> 'reference')
                ELSE 'known' END;
  END IF;
  -- What a provider has told already: the payment's other ids, and that it begins a subscription.
  v_payment := affiliate_private.payment_component(v_sale.project_id, v_sale.provider, ARRAY[v_sale.sale_key]);
  v_sale.subscription_key := affiliate_private.begun_subscription(v_payment);
  v_counted_as := affiliate_private.counted_as(v_sale, v_payment);
  IF v_line.paid AND v_counted_as IS NOT NULL THEN
    SELECT c.* INTO v_counts FROM affiliate_private.sale AS s
    JOIN affiliate_private.conversion AS c ON c.project_id = s.project_id AND c.sale_id = s.sale_id
    WHERE s.project_id = v_sale.project_id AND s.provider = v_sale.provider AND s.sale_key = v_counted_as;
    IF affiliate_private.is_reserved(v_counts) THEN
      RETURN format('this is a payment that counts as %s, whose conversion %s is in an open payout: confirm, fail or cancel that first',
                    v_counted_as, v_counts.conversion_id);
    ELSIF v_counts.affiliate_id <> v_line.affiliate_id THEN
      RETURN format('this is a payment that counts as %s, which another affiliate is credited with: it cannot have been paid to this one', v_counted_as);
    END IF;
  END IF;
  v_sale.customer_id := affiliate_private.import_customer(v_sale.project_id, affiliate_private.fold_key(v_sale.email), v_sale.provider, v_sale.customer_key,
                                                          v_payment);
  INSERT INTO affiliate_private.sale AS s
    (project_id, provider, sale_key, type, customer_id, email, occurred_at, source_key, currency, gross_minor, base_minor, refund_basis_minor,
     line_base_minor, line_product, customer_key, subscription_key, counts_at)
  VALUES (v_sale.project_id, v_sale.provider, v_sale.sale_key, v_sale.type, v_sale.customer_id, v_sale.email, v_sale.occurred_at, 'import',
          v_sale.currency, v_sale.base_minor, v_sale.base_minor, v_sale.base_minor, ARRAY[v_sale.base_minor], ARRAY[''], v_sale.customer_key,
          v_sale.subscription_key, v_sale.occurred_at)
  RETURNING s.* INTO v_sale;
  IF v_line.affiliate_id IS NOT NULL THEN
    INSERT INTO affiliate_private.evidence (project_id, customer_id, provider, scope_key, source, namespace, code_key, observed_at)
    VALUES (v_sale.project_id, v_sale.customer_id, v_sale.provider, v_sale.sale_key, 'manual', 'affiliate', v_line.affiliate_id::text, v_sale.occurred_at)
    ON CONFLICT ON CONSTRAINT evidence_fact_key DO NOTHING;
  END IF;
  IF v_line.value_minor IS NOT NULL OR import_conversion.p_fields ?| ARRAY['reference', 'coupon_code_used'] THEN
    INSERT INTO affiliate_private.sale_edit (project_id, sale_id, value_minor, reference, coupon_code_used)
    VALUES (v_sale.project_id, v_sale.sale_id, v_line.value_minor, import_conversion.p_fields ->> 'reference', import_conversion.p_fields ->> 'coupon_code_used');
  END IF;
  IF v_line.refunded_minor > 0 THEN
    INSERT INTO affiliate_private.refund (project_id, provider, refund_key, alias_key, mode, amount_minor, void, currency, occurred_at, source_key)
    VALUES (v_sale.project_id, v_sale.provider, 'import:' || v_sale.sale_key, v_sale.sale_key, 'cumulative', v_line.refunded_minor, false, v_sale.currency,
            v_sale.occurred_at, 'import')
    ON CONFLICT ON CONSTRAINT refund_pkey DO NOTHING;
  END IF;
  PERFORM affiliate_private.settle_sale(v_sale.project_id, v_sale.sale_id, CASE WHEN v_line.paid AND v_counted_as IS NULL THEN true END);
  PERFORM affiliate_private.settle_sales(v_sale.project_id, affiliate_private.sales_after_import(v_sale, v_payment));
  IF v_counts.conversion_id IS NOT NULL THEN
    -- What has been paid for is the payment, whatever its name.
    PERFORM affiliate_private.settle_sale(v_counts.project_id, v_counts.sale_id, true);
  END IF;
  RETURN 'imported';
END
$$;
COMMENT ON FUNCTION affiliate_private.import_conversion(bigint, jsonb) IS 'Imports one line: imported, known, or what is wrong with it.';

CREATE OR REPLACE FUNCTION affiliate_private.sales_after_import(p_sale affiliate_private.sale, p_payment text[]) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_sale    affiliate_private.sale := sales_after_import.p_sale;
  v_touched bigint[] := affiliate_private.touched_sales(v_sale.project_id, v_sale.provider, sales_after_import.p_payment, ARRAY[v_sale.sale_key],
                                                        v_sale.customer_id, 'infinity', '{}');
BEGIN
  -- The payment under its other names, and those of its subscription. Later sales of the customer about which nothing else is known follow
  -- this one's affiliate; and where only first purchases or a time from the first earn, any of them may change.
  RETURN ARRAY(
    SELECT x.sale_id FROM (
      SELECT t.sale_id, t.occurred_at, t.sale_key FROM affiliate_private.sale AS t
      WHERE t.project_id = v_sale.project_id AND t.sale_id = ANY (v_touched) AND t.sale_id <> v_sale.sale_id
      UNION
      SELECT s.sale_id, s.occurred_at, s.sale_key FROM affiliate_private.sale AS s
      JOIN affiliate_private.conversion AS c ON c.project_id = s.project_id AND c.sale_id = s.sale_id
      WHERE s.project_id = v_sale.project_id AND s.customer_id = v_sale.customer_id
        AND s.occurred_at > v_sale.occurred_at - interval '1 second' AND s.sale_id <> v_sale.sale_id
        AND (c.evidence_id IS NULL OR c.attribution_source = 'email'
             OR (affiliate_private.setting_at(s.project_id, s.occurred_at)).commission_duration <> 'lifetime')) AS x
    ORDER BY x.occurred_at, x.sale_key);
END
$$;
COMMENT ON FUNCTION affiliate_private.sales_after_import(affiliate_private.sale, text[]) IS 'The sales that one just imported, whose payment has these ids, may change.';
