-- Paddle Billing payloads to facts (see apply_fact). Field paths and traps: docs/providers.md. Sales go by the
-- transaction; amounts are integers in strings; refunds are counted without tax, as the commission base is.

CREATE OR REPLACE FUNCTION affiliate_private.map_paddle_event(p_event jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_type text := map_paddle_event.p_event ->> 'event_type';
  v_data jsonb;
BEGIN
  IF v_type NOT IN ('transaction.completed', 'subscription.created', 'subscription.updated', 'subscription.canceled', 'adjustment.created', 'adjustment.updated',
                    'customer.created', 'customer.updated', 'discount.created', 'discount.updated') THEN
    RETURN NULL;
  END IF;
  v_data := affiliate_private.fact_object(v_type, 'data', map_paddle_event.p_event -> 'data');
  RETURN CASE split_part(v_type, '.', 1)
    WHEN 'transaction' THEN affiliate_private.map_paddle_transaction(v_data)
    WHEN 'subscription' THEN affiliate_private.map_paddle_subscription(v_data, map_paddle_event.p_event -> 'occurred_at')
    WHEN 'adjustment' THEN affiliate_private.map_paddle_adjustment(v_data)
    -- The only place where Paddle tells an email.
    WHEN 'customer' THEN jsonb_build_object('customer_key', affiliate_private.fact_id_required('data.id', v_data -> 'id'),
                                            'email', affiliate_private.fact_text('email', v_data -> 'email'))
    WHEN 'discount' THEN affiliate_private.map_paddle_discount(v_data)
  END;
END
$$;
COMMENT ON FUNCTION affiliate_private.map_paddle_event(jsonb) IS 'The fact a Paddle Billing event states, NULL for a type that states none here; RF400 for a payload that cannot be read.';

CREATE OR REPLACE FUNCTION affiliate_private.map_paddle_transaction(p_transaction jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_transaction jsonb  := map_paddle_transaction.p_transaction;
  v_id          text   := affiliate_private.fact_id_required('data.id', v_transaction -> 'id');
  v_totals      jsonb  := affiliate_private.fact_object('transaction', 'details.totals', v_transaction #> '{details,totals}');
  v_total       bigint := affiliate_private.fact_present('totals.total', affiliate_private.fact_minor_text('totals.total', v_totals -> 'total'));
  v_paid        bigint := coalesce(affiliate_private.fact_minor_text('totals.grand_total', v_totals -> 'grand_total'), v_total);
  v_base        bigint := affiliate_private.paddle_base(v_totals, v_total, v_paid);
  v_fact        jsonb;
BEGIN
  v_fact := jsonb_build_object(
    'scope', v_id,
    'customer_key', affiliate_private.fact_id('customer_id', v_transaction -> 'customer_id'),
    'evidence', affiliate_private.fact_evidence(NULL, 'coupon', affiliate_private.discount_namespace('paddle'),
                  affiliate_private.fact_id('discount_id', v_transaction -> 'discount_id'))
      || affiliate_private.fact_evidence(NULL, 'metadata', 'referral',
           affiliate_private.fact_hint(v_transaction #> '{custom_data,referral_code}')));
  IF v_transaction ->> 'origin' = 'subscription_payment_method_change' AND v_total = 0 THEN
    RETURN v_fact;
  END IF;
  RETURN v_fact || jsonb_build_object('sale', jsonb_build_object(
    'key', v_id,
    'currency', affiliate_private.fact_text('currency_code', v_transaction -> 'currency_code'),
    'gross_minor', v_paid,
    'refund_basis_minor', v_base,
    'subscription_key', affiliate_private.fact_id('subscription_id', v_transaction -> 'subscription_id'),
    'reason', CASE WHEN v_transaction ->> 'origin' = 'subscription_update' THEN 'upgrade' ELSE 'purchase' END,
    'lines', affiliate_private.paddle_lines(v_transaction #> '{details,line_items}', v_base)));
END
$$;
COMMENT ON FUNCTION affiliate_private.map_paddle_transaction(jsonb) IS 'A completed transaction: a sale, unless it only took a new payment method.';

CREATE OR REPLACE FUNCTION affiliate_private.paddle_base(p_totals jsonb, p_total bigint, p_paid bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  -- Where a credit paid part of it, only the rest is new money; older payloads do not say how much of that is tax.
  SELECT CASE WHEN paddle_base.p_paid = paddle_base.p_total THEN n.minor
              WHEN g.tax_minor IS NOT NULL THEN paddle_base.p_paid - g.tax_minor
              WHEN paddle_base.p_total = 0 THEN 0
              ELSE round(n.minor::numeric * paddle_base.p_paid / paddle_base.p_total)::bigint END
  FROM (SELECT paddle_base.p_total - coalesce(affiliate_private.fact_minor_text('totals.tax', paddle_base.p_totals -> 'tax'), 0) AS minor) AS n,
       (SELECT affiliate_private.fact_minor_text('totals.grand_total_tax', paddle_base.p_totals -> 'grand_total_tax') AS tax_minor) AS g
$$;
COMMENT ON FUNCTION affiliate_private.paddle_base(jsonb, bigint, bigint) IS 'What a transaction paid (p_paid of p_total, tax included) without tax, minor units.';

CREATE OR REPLACE FUNCTION affiliate_private.paddle_lines(p_items jsonb, p_base_minor bigint) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_amounts  bigint[];
  v_products text[];
BEGIN
  IF jsonb_typeof(paddle_lines.p_items) = 'array' THEN
    SELECT array_agg(coalesce(affiliate_private.fact_minor_text('line totals.total', i.item #> '{totals,total}'), 0)
                     - coalesce(affiliate_private.fact_minor_text('line totals.tax', i.item #> '{totals,tax}'), 0) ORDER BY i.n),
           array_agg(coalesce(affiliate_private.fact_id('line product', i.item -> 'product'), '') ORDER BY i.n)
    INTO v_amounts, v_products
    FROM jsonb_array_elements(paddle_lines.p_items) WITH ORDINALITY AS i (item, n);
  END IF;
  IF v_amounts IS NULL THEN
    RETURN jsonb_build_array(jsonb_build_object('base_minor', paddle_lines.p_base_minor));
  END IF;
  RETURN (SELECT jsonb_agg(jsonb_build_object('base_minor', a.minor, 'product', a.product) ORDER BY a.n)
          FROM unnest(affiliate_private.spread_minor(v_amounts, paddle_lines.p_base_minor), v_products) WITH ORDINALITY AS a (minor, product, n));
END
$$;
COMMENT ON FUNCTION affiliate_private.paddle_lines(jsonb, bigint) IS 'The lines of a transaction without tax, scaled so that they add up to its base.';

CREATE OR REPLACE FUNCTION affiliate_private.map_paddle_subscription(p_subscription jsonb, p_occurred_at jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_subscription jsonb := map_paddle_subscription.p_subscription;
  v_id           text  := affiliate_private.fact_id_required('data.id', v_subscription -> 'id');
  v_scope        text  := affiliate_private.subscription_scope(v_id);
  -- Only subscription.created names the transaction it began with.
  v_transaction  text  := affiliate_private.fact_id('transaction_id', v_subscription -> 'transaction_id');
  v_fact         jsonb;
BEGIN
  v_fact := jsonb_build_object(
    'customer_key', affiliate_private.fact_id('customer_id', v_subscription -> 'customer_id'),
    'links', CASE WHEN v_transaction IS NULL THEN '[]'::jsonb ELSE affiliate_private.fact_links(v_transaction, v_scope || ':first') END,
    -- A discount speaks for what is paid from its start on.
    'evidence', (SELECT coalesce(jsonb_agg(e.item || jsonb_build_object('effective_at',
                          coalesce(affiliate_private.fact_time_optional('discount.starts_at', v_subscription #> '{discount,starts_at}'),
                                   affiliate_private.fact_time('occurred_at', map_paddle_subscription.p_occurred_at)))), '[]'::jsonb)
                 FROM jsonb_array_elements(affiliate_private.fact_evidence(v_scope, 'coupon', affiliate_private.discount_namespace('paddle'),
                        affiliate_private.fact_id('discount.id', v_subscription #> '{discount,id}'))) AS e (item))
      || affiliate_private.fact_evidence(v_scope, 'subscription_metadata', 'referral',
           affiliate_private.fact_hint(v_subscription #> '{custom_data,referral_code}')));
  IF v_subscription ->> 'status' = 'canceled' THEN
    v_fact := v_fact || jsonb_build_object('subscription', jsonb_build_object('key', v_id, 'ended_at',
      coalesce(affiliate_private.fact_time_optional('canceled_at', v_subscription -> 'canceled_at'),
               affiliate_private.fact_time('occurred_at', map_paddle_subscription.p_occurred_at))));
  END IF;
  RETURN v_fact;
END
$$;
COMMENT ON FUNCTION affiliate_private.map_paddle_subscription(jsonb, jsonb) IS 'A subscription: the transaction it began with, evidence for all its payments, and its end. A scheduled cancellation is not the end.';

CREATE OR REPLACE FUNCTION affiliate_private.map_paddle_adjustment(p_adjustment jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_adjustment jsonb := map_paddle_adjustment.p_adjustment;
  v_action     text  := affiliate_private.fact_text('action', v_adjustment -> 'action');
  v_sign       integer;
BEGIN
  v_sign := CASE WHEN v_action IN ('refund', 'chargeback', 'chargeback_warning') THEN 1
                 WHEN v_action IN ('chargeback_reverse', 'chargeback_warning_reverse') THEN -1 END;
  -- A credit moves what was paid to the next bill: nothing is given back.
  IF v_sign IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN jsonb_build_object('refund', jsonb_build_object(
    'key', affiliate_private.fact_id_required('data.id', v_adjustment -> 'id'),
    'alias', affiliate_private.fact_id_required('transaction_id', v_adjustment -> 'transaction_id'),
    'mode', 'delta',
    'currency', affiliate_private.fact_text('currency_code', v_adjustment -> 'currency_code'),
    'amount_minor', v_sign * abs(affiliate_private.fact_present('totals.subtotal',
                      affiliate_private.fact_minor_text('totals.subtotal', v_adjustment #> '{totals,subtotal}'))),
    -- A reversed chargeback keeps counting: its reversal is an adjustment of its own.
    'void', coalesce(v_adjustment ->> 'status' NOT IN ('approved', 'reversed'), false)));
END
$$;
COMMENT ON FUNCTION affiliate_private.map_paddle_adjustment(jsonb) IS 'A refund or chargeback, or the reversal of one; NULL for credits.';

CREATE OR REPLACE FUNCTION affiliate_private.map_paddle_discount(p_discount jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_code text := affiliate_private.fact_text('code', map_paddle_discount.p_discount -> 'code');
BEGIN
  IF v_code IS NULL THEN
    RETURN NULL;  -- One that only the seller can apply.
  END IF;
  RETURN jsonb_build_object('discount', jsonb_build_object(
    'key', affiliate_private.fact_id_required('data.id', map_paddle_discount.p_discount -> 'id'), 'code', v_code));
END
$$;
COMMENT ON FUNCTION affiliate_private.map_paddle_discount(jsonb) IS 'The code of a discount, NULL for one without.';
