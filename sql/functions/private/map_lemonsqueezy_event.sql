-- LemonSqueezy payloads to facts (see apply_fact). Field paths and traps: docs/providers.md.
-- Sales go by order:<id> and subinv:<id>. The first payment of a subscription is told three times: as its order, by
-- subscription_created, and as its initial invoice; only the order is money.

CREATE OR REPLACE FUNCTION affiliate_private.map_lemonsqueezy_event(p_event jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_type       text := map_lemonsqueezy_event.p_event #>> '{meta,event_name}';
  v_attributes jsonb;
  v_id         text;
  v_code       text;
BEGIN
  IF v_type NOT IN ('order_created', 'order_refunded', 'subscription_created', 'subscription_updated', 'subscription_cancelled', 'subscription_expired',
                    'subscription_payment_success', 'subscription_payment_succeeded', 'subscription_payment_refunded') THEN
    RETURN NULL;
  END IF;
  v_attributes := affiliate_private.fact_object(v_type, 'data.attributes', map_lemonsqueezy_event.p_event #> '{data,attributes}');
  v_id   := affiliate_private.fact_id_required('data.id', map_lemonsqueezy_event.p_event #> '{data,id}');
  v_code := affiliate_private.fact_hint(map_lemonsqueezy_event.p_event #> '{meta,custom_data,referral_code}');
  RETURN CASE
    WHEN v_type = 'order_created' THEN affiliate_private.map_lemonsqueezy_order('order:' || v_id, v_attributes, v_code)
    WHEN v_type = 'order_refunded' THEN affiliate_private.lemonsqueezy_refund('order:' || v_id, v_attributes)
    WHEN v_type LIKE 'subscription_payment_%' THEN affiliate_private.map_lemonsqueezy_invoice('subinv:' || v_id, v_attributes, v_code, v_type LIKE '%refunded')
    ELSE affiliate_private.map_lemonsqueezy_subscription(v_id, v_attributes, v_code, v_type)
  END;
END
$$;
COMMENT ON FUNCTION affiliate_private.map_lemonsqueezy_event(jsonb) IS 'The fact a LemonSqueezy event states, NULL for a type that states none here; RF400 for a payload that cannot be read.';

CREATE OR REPLACE FUNCTION affiliate_private.map_lemonsqueezy_order(p_key text, p_order jsonb, p_code text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_order jsonb := map_lemonsqueezy_order.p_order;
  v_fact  jsonb;
BEGIN
  v_fact := affiliate_private.lemonsqueezy_customer(v_order) || jsonb_build_object(
    'scope', map_lemonsqueezy_order.p_key,
    'evidence', affiliate_private.fact_evidence(NULL, 'metadata', 'referral', map_lemonsqueezy_order.p_code));
  IF NOT affiliate_private.lemonsqueezy_is_paid(v_order) THEN
    RETURN v_fact;
  END IF;
  RETURN v_fact || jsonb_build_object('sale',
    affiliate_private.lemonsqueezy_sale(map_lemonsqueezy_order.p_key, v_order,
      affiliate_private.fact_id('first_order_item.product_id', v_order #> '{first_order_item,product_id}')));
END
$$;
COMMENT ON FUNCTION affiliate_private.map_lemonsqueezy_order(text, jsonb, text) IS 'A new order: a sale once it is paid, else evidence only.';

CREATE OR REPLACE FUNCTION affiliate_private.map_lemonsqueezy_subscription(p_id text, p_subscription jsonb, p_code text, p_type text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_subscription jsonb := map_lemonsqueezy_subscription.p_subscription;
  v_scope        text  := affiliate_private.subscription_scope(map_lemonsqueezy_subscription.p_id);
  v_order        text  := affiliate_private.fact_id('order_id', v_subscription -> 'order_id');
  v_state        jsonb;
BEGIN
  v_state := jsonb_build_object('key', map_lemonsqueezy_subscription.p_id,
                                'product', affiliate_private.fact_id('product_id', v_subscription -> 'product_id'));
  -- A cancelled one runs to the end of what was paid for, and can be resumed until then.
  IF map_lemonsqueezy_subscription.p_type = 'subscription_expired' OR v_subscription ->> 'status' = 'expired' THEN
    v_state := v_state || jsonb_build_object('ended_at', coalesce(affiliate_private.fact_time_optional('ends_at', v_subscription -> 'ends_at'),
                                                                  affiliate_private.fact_time('updated_at', v_subscription -> 'updated_at')));
  END IF;
  RETURN affiliate_private.lemonsqueezy_customer(v_subscription) || jsonb_build_object(
    'links', CASE WHEN v_order IS NULL THEN '[]'::jsonb ELSE affiliate_private.fact_links('order:' || v_order, v_scope || ':first') END,
    'evidence', affiliate_private.fact_evidence(v_scope, 'subscription_metadata', 'referral', map_lemonsqueezy_subscription.p_code),
    'subscription', v_state);
END
$$;
COMMENT ON FUNCTION affiliate_private.map_lemonsqueezy_subscription(text, jsonb, text, text) IS 'A subscription: which order it began with, what it is for, evidence for all its payments, and its end.';

CREATE OR REPLACE FUNCTION affiliate_private.map_lemonsqueezy_invoice(p_key text, p_invoice jsonb, p_code text, p_refunded boolean) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_invoice      jsonb := map_lemonsqueezy_invoice.p_invoice;
  v_reason       text  := affiliate_private.fact_id_required('billing_reason', v_invoice -> 'billing_reason');
  v_subscription text  := affiliate_private.fact_id_required('subscription_id', v_invoice -> 'subscription_id');
  v_scope        text  := affiliate_private.subscription_scope(v_subscription);
  -- The initial invoice is the order's money under another name; which order says subscription_created.
  v_links        jsonb := CASE WHEN v_reason = 'initial' THEN affiliate_private.fact_links(v_scope || ':first', map_lemonsqueezy_invoice.p_key) ELSE '[]'::jsonb END;
  v_fact         jsonb;
BEGIN
  IF map_lemonsqueezy_invoice.p_refunded THEN
    RETURN affiliate_private.lemonsqueezy_refund(map_lemonsqueezy_invoice.p_key, v_invoice) || jsonb_build_object('links', v_links);
  END IF;
  v_fact := affiliate_private.lemonsqueezy_customer(v_invoice) || jsonb_build_object(
    'links', v_links,
    'evidence', affiliate_private.fact_evidence(v_scope, 'subscription_metadata', 'referral', map_lemonsqueezy_invoice.p_code));
  IF v_reason = 'initial' OR NOT affiliate_private.lemonsqueezy_is_paid(v_invoice) THEN
    RETURN v_fact;
  END IF;
  RETURN v_fact || jsonb_build_object('sale', affiliate_private.lemonsqueezy_sale(map_lemonsqueezy_invoice.p_key, v_invoice, NULL)
    || jsonb_build_object('subscription_key', v_subscription, 'reason', CASE WHEN v_reason = 'updated' THEN 'upgrade' ELSE 'purchase' END));
END
$$;
COMMENT ON FUNCTION affiliate_private.map_lemonsqueezy_invoice(text, jsonb, text, boolean) IS 'A paid or refunded invoice of a subscription: a sale unless it is the initial one. It names no product (see subscription_product).';

CREATE OR REPLACE FUNCTION affiliate_private.lemonsqueezy_customer(p_object jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('customer_key', affiliate_private.fact_id('customer_id', lemonsqueezy_customer.p_object -> 'customer_id'),
                            'email', affiliate_private.fact_text('user_email', lemonsqueezy_customer.p_object -> 'user_email'))
$$;
COMMENT ON FUNCTION affiliate_private.lemonsqueezy_customer(jsonb) IS 'Whose order, subscription or invoice it is.';

CREATE OR REPLACE FUNCTION affiliate_private.lemonsqueezy_is_paid(p_object jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  -- Partly refunded means paid, where an event is sent again later; orders and invoices spell it differently.
  SELECT lemonsqueezy_is_paid.p_object ->> 'status' IN ('paid', 'partial_refund', 'partial_refunded')
$$;
COMMENT ON FUNCTION affiliate_private.lemonsqueezy_is_paid(jsonb) IS 'Whether an order or invoice took money.';

CREATE OR REPLACE FUNCTION affiliate_private.lemonsqueezy_sale(p_key text, p_object jsonb, p_product text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_total bigint := affiliate_private.fact_present('total', affiliate_private.fact_minor('total', lemonsqueezy_sale.p_object -> 'total'));
BEGIN
  RETURN jsonb_build_object(
    'key', lemonsqueezy_sale.p_key,
    'currency', affiliate_private.fact_text('currency', lemonsqueezy_sale.p_object -> 'currency'),
    'gross_minor', v_total,
    'lines', jsonb_build_array(jsonb_build_object(
      -- The total holds the tax, whether prices include it or not.
      'base_minor', v_total - coalesce(affiliate_private.fact_minor('tax', lemonsqueezy_sale.p_object -> 'tax'), 0),
      'product', lemonsqueezy_sale.p_product)));
END
$$;
COMMENT ON FUNCTION affiliate_private.lemonsqueezy_sale(text, jsonb, text) IS 'The sale that a paid order or invoice is: one line.';

CREATE OR REPLACE FUNCTION affiliate_private.lemonsqueezy_refund(p_key text, p_object jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  -- An order and its initial invoice each count all refunds, so that the higher one is right. Payloads of before partial
  -- refunds have only the flag.
  SELECT jsonb_build_object('refund', jsonb_build_object(
    'key', lemonsqueezy_refund.p_key, 'alias', lemonsqueezy_refund.p_key, 'mode', 'highest',
    'currency', affiliate_private.fact_text('currency', lemonsqueezy_refund.p_object -> 'currency'),
    'amount_minor', coalesce(affiliate_private.fact_minor('refunded_amount', lemonsqueezy_refund.p_object -> 'refunded_amount'),
                             affiliate_private.fact_minor_required('total', lemonsqueezy_refund.p_object -> 'total'))))
$$;
COMMENT ON FUNCTION affiliate_private.lemonsqueezy_refund(text, jsonb) IS 'What has been given back of an order or invoice so far, tax included.';
