-- Stripe payloads to facts (see apply_fact). Field paths and traps: docs/providers.md.

CREATE OR REPLACE FUNCTION affiliate_private.map_stripe_event(p_event jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_type   text  := map_stripe_event.p_event ->> 'type';
  v_object jsonb := map_stripe_event.p_event #> '{data,object}';
  v_fact   jsonb;
BEGIN
  IF NOT (v_type LIKE 'checkout.session.%' OR v_type LIKE 'invoice%' OR v_type LIKE 'customer.%' OR v_type LIKE 'charge.%' OR v_type LIKE 'refund.%') THEN
    RETURN NULL;
  END IF;
  IF jsonb_typeof(v_object) IS DISTINCT FROM 'object' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('%s without data.object', v_type);
  END IF;
  v_fact := CASE
    WHEN v_type IN ('checkout.session.completed', 'checkout.session.async_payment_succeeded') THEN affiliate_private.map_stripe_session(v_object)
    -- invoice.payment_succeeded comes beside invoice.paid and says nothing more.
    WHEN v_type = 'invoice.paid' THEN affiliate_private.map_stripe_invoice(v_object)
    WHEN v_type = 'invoice_payment.paid' THEN affiliate_private.map_stripe_invoice_payment(v_object)
    WHEN v_type IN ('customer.subscription.created', 'customer.subscription.updated', 'customer.subscription.deleted')
      THEN affiliate_private.map_stripe_subscription(v_object, v_type = 'customer.subscription.deleted', map_stripe_event.p_event -> 'created')
    WHEN v_type = 'customer.discount.created' THEN affiliate_private.map_stripe_discount(v_object)
    WHEN v_type = 'charge.refunded' THEN affiliate_private.map_stripe_charge(v_object)
    WHEN v_type IN ('refund.created', 'refund.updated', 'refund.failed', 'charge.refund.updated') THEN affiliate_private.map_stripe_refund(v_object)
    WHEN v_type LIKE 'charge.dispute.%' THEN affiliate_private.map_stripe_dispute(v_object, v_type)
  END;
  IF lower(v_object ->> 'currency') IN ('isk', 'ugx', 'mga') THEN
    v_fact := affiliate_private.stripe_minor(v_fact, lower(v_object ->> 'currency'));
  END IF;
  RETURN v_fact;
END
$$;
COMMENT ON FUNCTION affiliate_private.map_stripe_event(jsonb) IS 'The fact a Stripe event states, NULL for a type that states none here; RF400 for a payload that cannot be read.';

CREATE OR REPLACE FUNCTION affiliate_private.stripe_minor(p_fact jsonb, p_currency text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_fact   jsonb   := stripe_minor.p_fact;
  -- Stripe sends hundredths of the krona and of the Ugandan shilling, which have none, and whole ariary, which have five parts but two decimals.
  v_factor numeric := CASE WHEN stripe_minor.p_currency = 'mga' THEN 100 ELSE 0.01 END;
  v_path   text[];
  v_paths  text[][] := ARRAY[['sale', 'gross_minor'], ['sale', 'refund_basis_minor'], ['refund', 'amount_minor']];
BEGIN
  FOREACH v_path SLICE 1 IN ARRAY v_paths LOOP
    IF jsonb_typeof(v_fact #> v_path) = 'number' THEN
      v_fact := jsonb_set(v_fact, v_path, to_jsonb(round((v_fact #>> v_path)::numeric * v_factor)));
    END IF;
  END LOOP;
  IF v_fact #> '{sale,lines,0}' IS NOT NULL THEN
    v_fact := jsonb_set(v_fact, '{sale,lines}', (
      SELECT jsonb_agg(l.line || jsonb_build_object('base_minor', a.parts[l.n]) ORDER BY l.n)
      FROM (SELECT affiliate_private.spread_minor(array_agg(b.minor ORDER BY b.n), round(sum(b.minor) * v_factor)::bigint) AS parts
            FROM (SELECT (k.line ->> 'base_minor')::bigint AS minor, k.n
                  FROM jsonb_array_elements(v_fact #> '{sale,lines}') WITH ORDINALITY AS k (line, n)) AS b) AS a,
           jsonb_array_elements(v_fact #> '{sale,lines}') WITH ORDINALITY AS l (line, n)));
  END IF;
  RETURN v_fact;
END
$$;
COMMENT ON FUNCTION affiliate_private.stripe_minor(jsonb, text) IS 'A fact in one of the currencies that Stripe counts in other units than ISO 4217 (isk, ugx, mga), in minor units of ISO 4217. Source: docs.stripe.com/currencies, special cases and zero-decimal currencies.';

CREATE OR REPLACE FUNCTION affiliate_private.stripe_id(p_name text, p_value jsonb) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  -- Every Stripe id may come expanded, as the object itself.
  SELECT affiliate_private.fact_text(stripe_id.p_name,
    CASE WHEN jsonb_typeof(stripe_id.p_value) = 'object' THEN stripe_id.p_value -> 'id' ELSE stripe_id.p_value END)
$$;
COMMENT ON FUNCTION affiliate_private.stripe_id(text, jsonb) IS 'A Stripe id, plain or expanded.';

CREATE OR REPLACE FUNCTION affiliate_private.stripe_id_required(p_what text, p_object jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_id text := affiliate_private.stripe_id('id', stripe_id_required.p_object -> 'id');
BEGIN
  IF v_id IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = stripe_id_required.p_what || ' without id';
  END IF;
  RETURN v_id;
END
$$;
COMMENT ON FUNCTION affiliate_private.stripe_id_required(text, jsonb) IS 'The id of a Stripe object; RF400 where it has none.';

CREATE OR REPLACE FUNCTION affiliate_private.fact_links(p_target text, VARIADIC p_aliases text[]) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_links jsonb := '[]';
  v_alias text;
BEGIN
  FOREACH v_alias IN ARRAY fact_links.p_aliases LOOP
    IF v_alias <> fact_links.p_target THEN
      v_links := v_links || jsonb_build_object('alias', v_alias, 'target', fact_links.p_target);
    END IF;
  END LOOP;
  RETURN v_links;
END
$$;
COMMENT ON FUNCTION affiliate_private.fact_links(text, text[]) IS 'The links of a fact: other ids of a payment (NULLs left out) to the one its sale goes by.';

CREATE OR REPLACE FUNCTION affiliate_private.fact_evidence(p_scope text, p_source text, p_namespace text, p_code text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF fact_evidence.p_code IS NULL THEN
    RETURN '[]';
  END IF;
  RETURN jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
    'scope', fact_evidence.p_scope, 'source', fact_evidence.p_source, 'namespace', fact_evidence.p_namespace, 'code', fact_evidence.p_code)));
END
$$;
COMMENT ON FUNCTION affiliate_private.fact_evidence(text, text, text, text) IS 'A list of one piece of evidence, empty without a code; without a scope it is about the fact''s sale.';

CREATE OR REPLACE FUNCTION affiliate_private.subscription_scope(p_subscription_key text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT 'subscription:' || subscription_scope.p_subscription_key
$$;
COMMENT ON FUNCTION affiliate_private.subscription_scope(text) IS 'What evidence about a whole subscription is filed under; NULL for none.';
