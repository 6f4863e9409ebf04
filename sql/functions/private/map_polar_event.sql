-- Polar payloads to facts (see apply_fact). Field paths and traps: docs/providers.md. Sales go by the order; refunds are
-- counted without tax, as the commission base is.

CREATE OR REPLACE FUNCTION affiliate_private.map_polar_event(p_event jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_type text := map_polar_event.p_event ->> 'type';
  v_data jsonb;
BEGIN
  IF v_type NOT IN ('order.paid', 'order.updated', 'order.refunded',
                    'subscription.created', 'subscription.updated', 'subscription.canceled', 'subscription.revoked') THEN
    RETURN NULL;
  END IF;
  v_data := affiliate_private.fact_object(v_type, 'data', map_polar_event.p_event -> 'data');
  RETURN CASE
    WHEN v_type = 'order.paid' THEN affiliate_private.map_polar_order(v_data)
    WHEN v_type LIKE 'order.%' THEN affiliate_private.map_polar_refund(v_data)
    ELSE affiliate_private.map_polar_subscription(v_data, CASE WHEN v_type = 'subscription.revoked' THEN (
           SELECT affiliate_private.fact_time(h.time_name, h.time_value) FROM affiliate_private.polar_header(map_polar_event.p_event) AS h) END)
  END;
END
$$;
COMMENT ON FUNCTION affiliate_private.map_polar_event(jsonb) IS 'The fact a Polar event states, NULL for a type that states none here; RF400 for a payload that cannot be read.';

CREATE OR REPLACE FUNCTION affiliate_private.polar_net(p_order jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  -- Before there was net_amount, it was called amount.
  SELECT affiliate_private.fact_present('net_amount', coalesce(
    affiliate_private.fact_minor('net_amount', polar_net.p_order -> 'net_amount'), affiliate_private.fact_minor('amount', polar_net.p_order -> 'amount')))
$$;
COMMENT ON FUNCTION affiliate_private.polar_net(jsonb) IS 'What an order is about after discount and before tax, minor units; negative for a credit.';

CREATE OR REPLACE FUNCTION affiliate_private.polar_customer(p_object jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object(
    'customer_key', affiliate_private.fact_id('customer_id', coalesce(nullif(polar_customer.p_object -> 'customer_id', 'null'), polar_customer.p_object -> 'customer')),
    'email', affiliate_private.fact_text('customer.email', polar_customer.p_object #> '{customer,email}'))
$$;
COMMENT ON FUNCTION affiliate_private.polar_customer(jsonb) IS 'Whose order or subscription it is.';

CREATE OR REPLACE FUNCTION affiliate_private.map_polar_order(p_order jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_order        jsonb  := map_polar_order.p_order;
  v_id           text   := affiliate_private.fact_id_required('data.id', v_order -> 'id');
  v_net          bigint := affiliate_private.polar_net(v_order);
  v_subscription text   := affiliate_private.fact_id('subscription_id', coalesce(nullif(v_order -> 'subscription_id', 'null'), v_order -> 'subscription'));
  v_scope        text   := affiliate_private.subscription_scope(v_subscription);
BEGIN
  RETURN affiliate_private.polar_customer(v_order) || jsonb_build_object(
    'links', CASE WHEN v_order ->> 'billing_reason' = 'subscription_create' AND v_scope IS NOT NULL
                  THEN affiliate_private.fact_links(v_id, v_scope || ':first') ELSE '[]'::jsonb END,
    'evidence', affiliate_private.fact_evidence(NULL, 'coupon', 'coupon', affiliate_private.fact_text('discount.code', v_order #> '{discount,code}'))
      || affiliate_private.fact_evidence(NULL, 'metadata', 'referral', affiliate_private.fact_hint(v_order #> '{metadata,referral_code}'))
      || affiliate_private.fact_evidence(NULL, 'client_reference_id', 'referral', affiliate_private.fact_hint(v_order #> '{metadata,reference_id}'))
      || affiliate_private.polar_subscription_evidence(v_scope, v_order -> 'subscription'),
    'sale', jsonb_build_object(
      'key', v_id,
      'currency', affiliate_private.fact_text('currency', v_order -> 'currency'),
      'gross_minor', coalesce(affiliate_private.fact_minor('total_amount', v_order -> 'total_amount'),
                              v_net + coalesce(affiliate_private.fact_minor('tax_amount', v_order -> 'tax_amount'), 0)),
      'refund_basis_minor', v_net,
      'subscription_key', v_subscription,
      'reason', CASE WHEN v_order ->> 'billing_reason' = 'subscription_update' THEN 'upgrade' ELSE 'purchase' END,
      -- Its items are prices of one product.
      'lines', jsonb_build_array(jsonb_build_object('base_minor', v_net, 'product',
        affiliate_private.fact_id('product_id', coalesce(nullif(v_order -> 'product_id', 'null'), v_order -> 'product'))))));
END
$$;
COMMENT ON FUNCTION affiliate_private.map_polar_order(jsonb) IS 'A paid order: a sale.';

CREATE OR REPLACE FUNCTION affiliate_private.map_polar_refund(p_order jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_order  jsonb  := map_polar_refund.p_order;
  v_id     text   := affiliate_private.fact_id_required('data.id', v_order -> 'id');
  v_amount bigint := affiliate_private.fact_minor('refunded_amount', v_order -> 'refunded_amount');
BEGIN
  IF v_amount IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN jsonb_build_object('refund', jsonb_build_object(
    'key', v_id, 'alias', v_id, 'mode', 'latest',
    'currency', affiliate_private.fact_text('currency', v_order -> 'currency'),
    'amount_minor', v_amount));
END
$$;
COMMENT ON FUNCTION affiliate_private.map_polar_refund(jsonb) IS 'What is refunded of an order by now: less again where a refund failed. NULL where it does not say.';

CREATE OR REPLACE FUNCTION affiliate_private.map_polar_subscription(p_subscription jsonb, p_revoked_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_subscription jsonb       := map_polar_subscription.p_subscription;
  v_id           text        := affiliate_private.fact_id_required('data.id', v_subscription -> 'id');
  -- A canceled one runs to the end of its period; one that is revoked because a payment failed goes on when that is made good.
  v_ended_at     timestamptz := coalesce(affiliate_private.fact_time_optional('ended_at', v_subscription -> 'ended_at'),
    CASE WHEN coalesce(v_subscription ->> 'status', 'canceled') = 'canceled' THEN map_polar_subscription.p_revoked_at END);
  v_fact         jsonb;
BEGIN
  v_fact := affiliate_private.polar_customer(v_subscription) || jsonb_build_object(
    'evidence', affiliate_private.polar_subscription_evidence(affiliate_private.subscription_scope(v_id), v_subscription));
  IF v_ended_at IS NOT NULL THEN
    v_fact := v_fact || jsonb_build_object('subscription', jsonb_build_object('key', v_id, 'ended_at', v_ended_at));
  END IF;
  RETURN v_fact;
END
$$;
COMMENT ON FUNCTION affiliate_private.map_polar_subscription(jsonb, timestamptz) IS 'A subscription: evidence for all its payments, and its end.';

CREATE OR REPLACE FUNCTION affiliate_private.polar_subscription_evidence(p_scope text, p_subscription jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT affiliate_private.fact_evidence(polar_subscription_evidence.p_scope, 'subscription_metadata', 'referral',
    affiliate_private.fact_hint(polar_subscription_evidence.p_subscription #> '{metadata,referral_code}'))
$$;
COMMENT ON FUNCTION affiliate_private.polar_subscription_evidence(text, jsonb) IS 'What a subscription''s metadata says of who referred it.';
