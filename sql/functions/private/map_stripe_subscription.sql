CREATE OR REPLACE FUNCTION affiliate_private.map_stripe_subscription(p_subscription jsonb, p_deleted boolean, p_created jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_subscription jsonb := map_stripe_subscription.p_subscription;
  v_id           text  := affiliate_private.stripe_id_required('subscription', v_subscription);
  v_scope        text  := affiliate_private.subscription_scope(v_id);
  v_fact         jsonb;
BEGIN
  v_fact := jsonb_build_object(
    'customer_key', affiliate_private.stripe_id('customer', v_subscription -> 'customer'),
    'evidence', affiliate_private.stripe_discount_evidence(v_subscription -> 'discounts', v_scope)
      || affiliate_private.stripe_discount_evidence(jsonb_build_array(v_subscription -> 'discount'), v_scope)
      || affiliate_private.fact_evidence(v_scope, 'subscription_metadata', 'referral',
           affiliate_private.fact_hint(v_subscription #> '{metadata,referral_code}')));
  IF map_stripe_subscription.p_deleted THEN
    v_fact := v_fact || jsonb_build_object('subscription', jsonb_build_object('key', v_id, 'ended_at',
      affiliate_private.fact_unix_time('ended_at', coalesce(nullif(v_subscription -> 'ended_at', 'null'::jsonb), map_stripe_subscription.p_created))));
  END IF;
  RETURN v_fact;
END
$$;
COMMENT ON FUNCTION affiliate_private.map_stripe_subscription(jsonb, boolean, jsonb) IS 'A subscription: evidence for all its payments, and its end.';

CREATE OR REPLACE FUNCTION affiliate_private.map_stripe_discount(p_discount jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_discount jsonb := map_stripe_discount.p_discount;
  v_customer text  := affiliate_private.stripe_id('customer', v_discount -> 'customer');
  v_scope    text  := coalesce(affiliate_private.stripe_id('invoice', v_discount -> 'invoice'),
                               affiliate_private.subscription_scope(affiliate_private.stripe_id('subscription', v_discount -> 'subscription')),
                               affiliate_private.stripe_id('checkout_session', v_discount -> 'checkout_session'),
                               'customer:' || v_customer);
BEGIN
  IF v_scope IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN jsonb_build_object(
    'customer_key', v_customer,
    'scope', CASE WHEN v_scope !~ '^(subscription|customer):' THEN v_scope END,
    'evidence', affiliate_private.stripe_discount_evidence(jsonb_build_array(v_discount), v_scope));
END
$$;
COMMENT ON FUNCTION affiliate_private.map_stripe_discount(jsonb) IS 'A coupon applied to a subscription, an invoice, a session or a customer: evidence from its start on. NULL where it names none of them.';
