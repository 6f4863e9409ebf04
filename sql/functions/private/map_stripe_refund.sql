CREATE OR REPLACE FUNCTION affiliate_private.map_stripe_charge(p_charge jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_charge  jsonb := map_stripe_charge.p_charge;
  v_id      text  := affiliate_private.stripe_id_required('refunded charge', v_charge);
  v_intent  text  := affiliate_private.stripe_id('payment_intent', v_charge -> 'payment_intent');
  v_invoice text  := affiliate_private.stripe_id('invoice', v_charge -> 'invoice');
BEGIN
  RETURN jsonb_build_object(
    -- Before API version basil a charge named its invoice.
    'links', affiliate_private.fact_links(coalesce(v_intent, v_id), v_id)
             || CASE WHEN v_invoice IS NULL THEN '[]'::jsonb ELSE affiliate_private.fact_links(v_invoice, coalesce(v_intent, v_id)) END,
    'refund', jsonb_build_object(
      'key', v_id, 'alias', coalesce(v_intent, v_id), 'mode', 'cumulative',
      'currency', affiliate_private.fact_text('currency', v_charge -> 'currency'),
      'amount_minor', affiliate_private.fact_minor_required('amount_refunded', v_charge -> 'amount_refunded')));
END
$$;
COMMENT ON FUNCTION affiliate_private.map_stripe_charge(jsonb) IS 'charge.refunded: what has been given back of a charge so far.';

CREATE OR REPLACE FUNCTION affiliate_private.map_stripe_refund(p_refund jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT affiliate_private.stripe_charge_fact(map_stripe_refund.p_refund, jsonb_build_object(
    'key', affiliate_private.stripe_id_required('refund', map_stripe_refund.p_refund), 'mode', 'delta',
    'void', coalesce(map_stripe_refund.p_refund ->> 'status' IN ('failed', 'canceled'), false)))
$$;
COMMENT ON FUNCTION affiliate_private.map_stripe_refund(jsonb) IS 'One refund and what became of it.';

CREATE OR REPLACE FUNCTION affiliate_private.map_stripe_dispute(p_dispute jsonb, p_type text) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  -- The money leaves with funds_withdrawn and comes back with funds_reinstated; closed says who has it in the end, unless it goes on (an appeal).
  SELECT CASE WHEN map_stripe_dispute.p_type IN ('charge.dispute.funds_withdrawn', 'charge.dispute.funds_reinstated')
                OR map_stripe_dispute.p_type = 'charge.dispute.closed' AND map_stripe_dispute.p_dispute ->> 'status' IN ('lost', 'won', 'warning_closed', 'appeal_lost', 'appeal_won') THEN
    affiliate_private.stripe_charge_fact(map_stripe_dispute.p_dispute, jsonb_build_object(
      'key', affiliate_private.stripe_id_required('dispute', map_stripe_dispute.p_dispute), 'mode', 'dispute',
      'void', map_stripe_dispute.p_type = 'charge.dispute.funds_reinstated'
              OR map_stripe_dispute.p_type = 'charge.dispute.closed' AND map_stripe_dispute.p_dispute ->> 'status' NOT IN ('lost', 'appeal_lost'))) END
$$;
COMMENT ON FUNCTION affiliate_private.map_stripe_dispute(jsonb, text) IS 'A dispute that moved money, NULL for other news of it.';

CREATE OR REPLACE FUNCTION affiliate_private.stripe_charge_fact(p_object jsonb, p_refund jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_charge text := affiliate_private.stripe_id('charge', stripe_charge_fact.p_object -> 'charge');
  v_intent text := affiliate_private.stripe_id('payment_intent', stripe_charge_fact.p_object -> 'payment_intent');
BEGIN
  IF coalesce(v_intent, v_charge) IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('%s names neither charge nor payment_intent', stripe_charge_fact.p_refund ->> 'key');
  END IF;
  RETURN jsonb_build_object(
    'links', affiliate_private.fact_links(coalesce(v_intent, v_charge), v_charge),
    'refund', stripe_charge_fact.p_refund || jsonb_build_object(
      'alias', coalesce(v_intent, v_charge),
      'currency', affiliate_private.fact_text('currency', stripe_charge_fact.p_object -> 'currency'),
      'amount_minor', affiliate_private.fact_minor_required('amount', stripe_charge_fact.p_object -> 'amount')));
END
$$;
COMMENT ON FUNCTION affiliate_private.stripe_charge_fact(jsonb, jsonb) IS 'The fact of a refund or dispute of one charge; RF400 where it does not say of which.';
