-- Stripe payloads to facts. Field paths and traps: docs/providers.md. A fact document is
-- {"kind":"sale","sale_key","aliases":[],"customer_key","email","currency","gross_minor","lines":[{"base_minor","product"}],
--  "evidence":[{"source","namespace","code"}]} or {"kind":"refund","refund_key","alias_key","amount_minor","basis_minor","currency"}
-- or {"kind":"hint", …} for evidence and identities without money.

CREATE OR REPLACE FUNCTION affiliate_private.stripe_id(p_name text, p_value jsonb) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  -- Every Stripe id may come expanded, as the object itself.
  SELECT affiliate_private.fact_text(stripe_id.p_name,
    CASE WHEN jsonb_typeof(stripe_id.p_value) = 'object' THEN stripe_id.p_value -> 'id' ELSE stripe_id.p_value END)
$$;
COMMENT ON FUNCTION affiliate_private.stripe_id(text, jsonb) IS 'A Stripe id, plain or expanded.';

CREATE OR REPLACE FUNCTION affiliate_private.map_stripe_event(p_event jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_object jsonb := map_stripe_event.p_event -> 'data' -> 'object';
  v_type   text  := map_stripe_event.p_event ->> 'type';
BEGIN
  IF v_type NOT IN ('checkout.session.completed', 'checkout.session.async_payment_succeeded', 'charge.refunded') THEN
    RETURN NULL;
  END IF;
  IF jsonb_typeof(v_object) IS DISTINCT FROM 'object' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('%s without data.object', v_type);
  END IF;
  IF v_type = 'charge.refunded' THEN
    RETURN affiliate_private.map_stripe_refunded_charge(v_object);
  END IF;
  RETURN affiliate_private.map_stripe_session(v_object);
END
$$;
COMMENT ON FUNCTION affiliate_private.map_stripe_event(jsonb) IS 'The fact a Stripe event states, NULL for a type that states none here; RF400 for a payload that cannot be read.';

CREATE OR REPLACE FUNCTION affiliate_private.map_stripe_session(p_session jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_session_id text := affiliate_private.stripe_id('id', map_stripe_session.p_session -> 'id');
  v_intent_id  text := affiliate_private.stripe_id('payment_intent', map_stripe_session.p_session -> 'payment_intent');
  v_paid       boolean := map_stripe_session.p_session ->> 'payment_status' = 'paid';
  v_fact       jsonb;
  v_gross      bigint;
BEGIN
  IF v_session_id IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'checkout session without id';
  END IF;
  v_fact := jsonb_build_object(
    'sale_key', coalesce(v_intent_id, v_session_id),
    'aliases', to_jsonb(array_remove(ARRAY[v_session_id, v_intent_id], NULL)),
    'customer_key', affiliate_private.stripe_id('customer', map_stripe_session.p_session -> 'customer'),
    'email', affiliate_private.fact_text('customer email',
      coalesce(nullif(map_stripe_session.p_session #> '{customer_details,email}', 'null'::jsonb), map_stripe_session.p_session -> 'customer_email')),
    'evidence', affiliate_private.stripe_session_evidence(map_stripe_session.p_session));
  -- Money comes from the session only in payment mode, once paid, and where no invoice tells of it.
  IF map_stripe_session.p_session ->> 'mode' IS DISTINCT FROM 'payment' OR NOT coalesce(v_paid, false)
     OR affiliate_private.stripe_id('invoice', map_stripe_session.p_session -> 'invoice') IS NOT NULL THEN
    RETURN v_fact || jsonb_build_object('kind', 'hint');
  END IF;
  v_gross := affiliate_private.fact_minor_required('amount_total', map_stripe_session.p_session -> 'amount_total');
  RETURN v_fact || jsonb_build_object(
    'kind', 'sale',
    'currency', affiliate_private.fact_text('currency', map_stripe_session.p_session -> 'currency'),
    'gross_minor', v_gross,
    'lines', jsonb_build_array(jsonb_build_object('product', '', 'base_minor',
      v_gross
      - coalesce(affiliate_private.fact_minor('amount_tax', map_stripe_session.p_session #> '{total_details,amount_tax}'), 0)
      - coalesce(affiliate_private.fact_minor('amount_shipping', map_stripe_session.p_session #> '{total_details,amount_shipping}'), 0))));
END
$$;
COMMENT ON FUNCTION affiliate_private.map_stripe_session(jsonb) IS 'A checkout session: a sale when it took money itself, else hints.';

CREATE OR REPLACE FUNCTION affiliate_private.stripe_session_evidence(p_session jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('source', e.source, 'namespace', e.namespace, 'code', e.code)), '[]'::jsonb)
  FROM (
    -- A discount names ids; the code the customer typed is known only where the promotion code comes expanded. What owners
    -- enter as the Stripe id of a coupon may be any of the three.
    SELECT 'coupon' AS source, c.namespace, c.code
    FROM jsonb_array_elements(CASE jsonb_typeof(stripe_session_evidence.p_session -> 'discounts')
                                WHEN 'array' THEN stripe_session_evidence.p_session -> 'discounts' ELSE '[]'::jsonb END) AS d (discount)
    CROSS JOIN LATERAL (SELECT affiliate_private.fact_text('promotion code', d.discount #> '{promotion_code,code}') AS code) AS t
    CROSS JOIN LATERAL (VALUES ('coupon', t.code), ('stripe', t.code),
                               ('stripe', affiliate_private.stripe_id('discount', d.discount -> 'promotion_code')),
                               ('stripe', affiliate_private.stripe_id('discount', d.discount -> 'coupon'))) AS c (namespace, code)
    UNION ALL
    SELECT 'metadata', 'referral', affiliate_private.fact_text('metadata.referral_code', stripe_session_evidence.p_session #> '{metadata,referral_code}')
    UNION ALL
    SELECT 'client_reference_id', 'referral', affiliate_private.fact_text('client_reference_id', stripe_session_evidence.p_session -> 'client_reference_id')
  ) AS e
  WHERE e.code IS NOT NULL
$$;
COMMENT ON FUNCTION affiliate_private.stripe_session_evidence(jsonb) IS 'Attribution evidence of a checkout session: discounts, metadata.referral_code, client_reference_id.';

CREATE OR REPLACE FUNCTION affiliate_private.map_stripe_refunded_charge(p_charge jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_charge_id text := affiliate_private.stripe_id('id', map_stripe_refunded_charge.p_charge -> 'id');
BEGIN
  IF v_charge_id IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'refunded charge without id';
  END IF;
  RETURN jsonb_build_object(
    'kind', 'refund',
    'refund_key', v_charge_id,
    'alias_key', coalesce(affiliate_private.stripe_id('payment_intent', map_stripe_refunded_charge.p_charge -> 'payment_intent'), v_charge_id),
    'currency', affiliate_private.fact_text('currency', map_stripe_refunded_charge.p_charge -> 'currency'),
    'amount_minor', affiliate_private.fact_minor_required('amount_refunded', map_stripe_refunded_charge.p_charge -> 'amount_refunded'),
    'basis_minor', affiliate_private.fact_minor_required('amount', map_stripe_refunded_charge.p_charge -> 'amount'));
END
$$;
COMMENT ON FUNCTION affiliate_private.map_stripe_refunded_charge(jsonb) IS 'charge.refunded: the cumulative amount given back of a charge.';
