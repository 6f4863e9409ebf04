CREATE OR REPLACE FUNCTION affiliate_private.map_stripe_session(p_session jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_session      jsonb := map_stripe_session.p_session;
  v_id           text  := affiliate_private.stripe_id_required('checkout session', v_session);
  v_intent       text  := affiliate_private.stripe_id('payment_intent', v_session -> 'payment_intent');
  v_invoice      text  := affiliate_private.stripe_id('invoice', v_session -> 'invoice');
  v_subscription text  := affiliate_private.stripe_id('subscription', v_session -> 'subscription');
  v_key          text  := coalesce(v_invoice, v_intent, v_id);
  v_fact         jsonb;
  v_gross        bigint;
BEGIN
  v_fact := jsonb_build_object(
    'scope', v_key,
    'links', affiliate_private.fact_links(v_key, v_id, v_intent),
    'customer_key', affiliate_private.stripe_id('customer', v_session -> 'customer'),
    'email', affiliate_private.fact_text('customer email',
      coalesce(nullif(v_session #> '{customer_details,email}', 'null'::jsonb), v_session -> 'customer_email')),
    -- What was known when the subscription was bought speaks for all its payments.
    'evidence', affiliate_private.stripe_session_evidence(v_session, affiliate_private.subscription_scope(v_subscription)));
  -- Money comes from the session only in payment mode, once paid, and where no invoice tells of it.
  IF v_session ->> 'mode' IS DISTINCT FROM 'payment' OR v_session ->> 'payment_status' IS DISTINCT FROM 'paid' OR v_invoice IS NOT NULL THEN
    RETURN v_fact;
  END IF;
  v_gross := affiliate_private.fact_minor_required('amount_total', v_session -> 'amount_total');
  RETURN v_fact || jsonb_build_object('sale', jsonb_build_object(
    'key', v_key,
    'currency', affiliate_private.fact_text('currency', v_session -> 'currency'),
    'gross_minor', v_gross,
    'lines', jsonb_build_array(jsonb_build_object('base_minor',
      v_gross
      - coalesce(affiliate_private.fact_minor('amount_tax', v_session #> '{total_details,amount_tax}'), 0)
      - coalesce(affiliate_private.fact_minor('amount_shipping', v_session #> '{total_details,amount_shipping}'), 0)))));
END
$$;
COMMENT ON FUNCTION affiliate_private.map_stripe_session(jsonb) IS 'A checkout session: a sale when it took money itself, else evidence and links.';

CREATE OR REPLACE FUNCTION affiliate_private.stripe_session_evidence(p_session jsonb, p_scope text) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT affiliate_private.stripe_discount_evidence(stripe_session_evidence.p_session -> 'discounts', stripe_session_evidence.p_scope)
         || affiliate_private.fact_evidence(stripe_session_evidence.p_scope, 'metadata', 'referral',
              affiliate_private.fact_hint(stripe_session_evidence.p_session #> '{metadata,referral_code}'))
         || affiliate_private.fact_evidence(stripe_session_evidence.p_scope, 'client_reference_id', 'referral',
              affiliate_private.fact_hint(stripe_session_evidence.p_session -> 'client_reference_id'))
$$;
COMMENT ON FUNCTION affiliate_private.stripe_session_evidence(jsonb, text) IS 'Attribution evidence of a checkout session: discounts, metadata.referral_code, client_reference_id.';

CREATE OR REPLACE FUNCTION affiliate_private.stripe_discount_evidence(p_discounts jsonb, p_scope text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF jsonb_typeof(stripe_discount_evidence.p_discounts) IS DISTINCT FROM 'array' OR stripe_discount_evidence.p_discounts IN ('[]', '[null]') THEN
    RETURN '[]';
  END IF;
  -- A discount names ids; the code the customer typed is known only where the promotion code comes expanded. What owners
  -- enter as the Stripe id of a coupon may be any of the three. The coupon moved into source with API version clover.
  RETURN (
    SELECT coalesce(jsonb_agg(e.item || f.since), '[]'::jsonb)
    FROM jsonb_array_elements(stripe_discount_evidence.p_discounts) AS d (discount)
    CROSS JOIN LATERAL (SELECT affiliate_private.fact_text('promotion code', d.discount #> '{promotion_code,code}') AS code) AS t
    CROSS JOIN LATERAL (VALUES ('coupon', t.code), ('stripe', t.code),
                               ('stripe', affiliate_private.stripe_id('promotion_code', d.discount -> 'promotion_code')),
                               ('stripe', affiliate_private.stripe_id('coupon', coalesce(
                                 nullif(d.discount #> '{source,coupon}', 'null'), nullif(d.discount -> 'coupon', 'null'),
                                 nullif(d.discount #> '{promotion_code,promotion,coupon}', 'null'), d.discount #> '{promotion_code,coupon}')))) AS c (namespace, code)
    -- In force from its start on: what was paid before had no coupon.
    CROSS JOIN LATERAL (SELECT jsonb_strip_nulls(jsonb_build_object('effective_at', CASE WHEN d.discount -> 'start' <> 'null' THEN
                          affiliate_private.fact_unix_time('discount start', d.discount -> 'start') END)) AS since) AS f
    CROSS JOIN LATERAL jsonb_array_elements(affiliate_private.fact_evidence(stripe_discount_evidence.p_scope, 'coupon', c.namespace, c.code)) AS e (item)
    WHERE jsonb_typeof(d.discount) = 'object');
END
$$;
COMMENT ON FUNCTION affiliate_private.stripe_discount_evidence(jsonb, text) IS 'Coupon evidence of a list of Stripe discounts; plain di_ ids say nothing (customer.discount.created explains them).';
