CREATE OR REPLACE FUNCTION affiliate_private.map_stripe_invoice(p_invoice jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_invoice      jsonb  := map_stripe_invoice.p_invoice;
  v_id           text   := affiliate_private.stripe_id_required('invoice', v_invoice);
  -- The subscription moved into parent with API version basil.
  v_parent       jsonb  := coalesce(nullif(v_invoice #> '{parent,subscription_details}', 'null'::jsonb), v_invoice -> 'subscription_details');
  v_subscription text   := affiliate_private.stripe_id('subscription', coalesce(v_parent -> 'subscription', v_invoice -> 'subscription'));
  v_scope        text   := affiliate_private.subscription_scope(v_subscription);
  v_total        bigint := coalesce(affiliate_private.fact_minor('total', v_invoice -> 'total'), 0);
  v_paid         bigint := coalesce(affiliate_private.fact_minor('amount_paid', v_invoice -> 'amount_paid'), v_total);
  v_base         bigint := affiliate_private.stripe_invoice_base(v_invoice, v_total);
BEGIN
  -- Before API version basil, what was paid outside of Stripe stood in amount_due only.
  IF v_invoice -> 'paid_out_of_band' = 'true' THEN
    v_paid := greatest(v_paid, affiliate_private.fact_minor('amount_due', v_invoice -> 'amount_due'));
  END IF;
  -- Where a credit balance paid part of it, only the rest is new money.
  IF v_total > 0 AND v_paid < v_total THEN
    v_base := round(v_base::numeric * v_paid / v_total);
  END IF;
  RETURN jsonb_build_object(
    'links', affiliate_private.fact_links(v_id, affiliate_private.stripe_id('charge', v_invoice -> 'charge'),
                                          affiliate_private.stripe_id('payment_intent', v_invoice -> 'payment_intent'))
      -- Refunds may name either of them.
      || affiliate_private.fact_links(affiliate_private.stripe_id('payment_intent', v_invoice -> 'payment_intent'),
                                      affiliate_private.stripe_id('charge', v_invoice -> 'charge')),
    'customer_key', affiliate_private.stripe_id('customer', v_invoice -> 'customer'),
    'email', affiliate_private.fact_text('customer_email', v_invoice -> 'customer_email'),
    'evidence', affiliate_private.stripe_discount_evidence(v_invoice -> 'discounts', v_scope)
      || affiliate_private.stripe_discount_evidence(jsonb_build_array(v_invoice -> 'discount'), v_scope)
      || affiliate_private.fact_evidence(NULL, 'metadata', 'referral', affiliate_private.fact_hint(v_invoice #> '{metadata,referral_code}'))
      || affiliate_private.fact_evidence(v_scope, 'subscription_metadata', 'referral',
           affiliate_private.fact_hint(v_parent #> '{metadata,referral_code}')),
    'sale', jsonb_build_object(
      'key', v_id,
      'currency', affiliate_private.fact_text('currency', v_invoice -> 'currency'),
      'gross_minor', least(v_paid, greatest(v_total, 0)),
      'subscription_key', v_subscription,
      'reason', CASE WHEN v_invoice ->> 'billing_reason' = 'subscription_update' THEN 'upgrade' ELSE 'purchase' END,
      'lines', affiliate_private.stripe_invoice_lines(v_invoice, v_base)));
END
$$;
COMMENT ON FUNCTION affiliate_private.map_stripe_invoice(jsonb) IS 'A paid invoice: a sale, of a subscription or not.';

CREATE OR REPLACE FUNCTION affiliate_private.stripe_invoice_base(p_invoice jsonb, p_total bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_invoice jsonb  := stripe_invoice_base.p_invoice;
  v_taxes   jsonb  := CASE WHEN jsonb_typeof(v_invoice -> 'total_taxes') = 'array' THEN v_invoice -> 'total_taxes'
                           WHEN jsonb_typeof(v_invoice -> 'total_tax_amounts') = 'array' THEN v_invoice -> 'total_tax_amounts' END;
  v_base    bigint := affiliate_private.fact_minor('total_excluding_tax', v_invoice -> 'total_excluding_tax');
BEGIN
  IF v_base IS NULL THEN
    v_base := stripe_invoice_base.p_total - coalesce(
      (SELECT sum(affiliate_private.fact_minor('tax amount', t.tax -> 'amount'))::bigint FROM jsonb_array_elements(v_taxes) AS t (tax)),
      affiliate_private.fact_minor('tax', v_invoice -> 'tax'), 0);
  END IF;
  RETURN v_base - coalesce(affiliate_private.fact_minor('shipping', v_invoice #> '{shipping_cost,amount_subtotal}'), 0);
END
$$;
COMMENT ON FUNCTION affiliate_private.stripe_invoice_base(jsonb, bigint) IS 'The total of an invoice without tax and shipping, minor units, in the old and new shapes.';

CREATE OR REPLACE FUNCTION affiliate_private.stripe_invoice_lines(p_invoice jsonb, p_base_minor bigint) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_lines    jsonb := stripe_invoice_lines.p_invoice #> '{lines,data}';
  v_line     jsonb;
  v_amounts  bigint[] := '{}';
  v_products text[]   := '{}';
BEGIN
  FOR v_n IN 0 .. CASE WHEN jsonb_typeof(v_lines) = 'array' THEN jsonb_array_length(v_lines) ELSE 0 END - 1 LOOP
    v_line     := v_lines -> v_n;
    v_amounts  := v_amounts || coalesce(affiliate_private.fact_minor('line amount', v_line -> 'amount'), 0) - affiliate_private.stripe_line_discount(v_line);
    v_products := v_products || coalesce(affiliate_private.stripe_id('product', v_line #> '{pricing,price_details,product}'),
                                         affiliate_private.stripe_id('product', v_line #> '{price,product}'),
                                         affiliate_private.stripe_id('product', v_line #> '{plan,product}'), '');
  END LOOP;
  -- A webhook carries the first ten lines; the shares of a part would be wrong for the whole.
  IF v_amounts = '{}' OR coalesce((stripe_invoice_lines.p_invoice #>> '{lines,has_more}')::boolean, false) THEN
    RETURN jsonb_build_array(jsonb_build_object('base_minor', stripe_invoice_lines.p_base_minor));
  END IF;
  RETURN (SELECT jsonb_agg(jsonb_build_object('base_minor', a.minor, 'product', a.product) ORDER BY a.n)
          FROM unnest(affiliate_private.spread_minor(v_amounts, stripe_invoice_lines.p_base_minor), v_products) WITH ORDINALITY AS a (minor, product, n));
END
$$;
COMMENT ON FUNCTION affiliate_private.stripe_invoice_lines(jsonb, bigint) IS 'The lines of an invoice, scaled so that they add up to its base; one line without a product where the event does not carry them all.';

CREATE OR REPLACE FUNCTION affiliate_private.stripe_line_discount(p_line jsonb) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_discounts jsonb  := stripe_line_discount.p_line -> 'discount_amounts';
  v_total     bigint := 0;
BEGIN
  IF jsonb_typeof(v_discounts) = 'array' THEN
    FOR v_n IN 0 .. jsonb_array_length(v_discounts) - 1 LOOP
      v_total := v_total + coalesce(affiliate_private.fact_minor('discount amount', v_discounts #> ARRAY[v_n::text, 'amount']), 0);
    END LOOP;
  END IF;
  RETURN v_total;
END
$$;
COMMENT ON FUNCTION affiliate_private.stripe_line_discount(jsonb) IS 'What was taken off an invoice line, minor units.';

CREATE OR REPLACE FUNCTION affiliate_private.map_stripe_invoice_payment(p_payment jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_invoice text := affiliate_private.stripe_id('invoice', map_stripe_invoice_payment.p_payment -> 'invoice');
BEGIN
  IF v_invoice IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'invoice payment without invoice';
  END IF;
  RETURN jsonb_build_object('links', affiliate_private.fact_links(v_invoice,
    affiliate_private.stripe_id('payment_intent', map_stripe_invoice_payment.p_payment #> '{payment,payment_intent}'),
    affiliate_private.stripe_id('charge', map_stripe_invoice_payment.p_payment #> '{payment,charge}')));
END
$$;
COMMENT ON FUNCTION affiliate_private.map_stripe_invoice_payment(jsonb) IS 'Which payment paid an invoice: since API version basil the only way from a refund to it.';
