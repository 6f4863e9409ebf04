CREATE OR REPLACE FUNCTION affiliate_private.seed_demo_life(p_project_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_start timestamptz := date_trunc('day', now()) - interval '90 days';
  v_n     integer;
  v_price integer;
BEGIN
  PERFORM affiliate_api.create_affiliate(seed_demo_life.p_project_id, jsonb_build_object('email', a.email, 'referral_code', a.code))
  FROM (VALUES ('maya@growthnotes.example', 'MAYA'), ('tom@devtoolsweekly.example', 'TOM20'), ('lena@startupstack.example', 'LENA'),
               ('raj@analyticspodcast.example', 'RAJ')) AS a (email, code);
  PERFORM affiliate.set_affiliate_commission(a.project_id, a.affiliate_id, '30', NULL, v_start)
  FROM affiliate_private.affiliate AS a WHERE a.project_id = seed_demo_life.p_project_id AND a.referral_code = 'MAYA';
  UPDATE affiliate_private.affiliate AS a SET created_at = v_start - a.affiliate_id % 4 * interval '1 day'
  WHERE a.project_id = seed_demo_life.p_project_id;
  -- Forty-eight sales over ninety days; every fourth customer comes unreferred, every eleventh takes money back.
  FOR v_n IN 1 .. 48 LOOP
    v_price := (ARRAY[2900, 4900, 9900, 19900])[1 + v_n * 7 % 4];
    PERFORM affiliate_private.receive_event(seed_demo_life.p_project_id, 'stripe', NULL, convert_to(jsonb_build_object(
      'id', 'evt_demo_' || v_n, 'object', 'event', 'type', 'checkout.session.completed', 'livemode', false,
      'created', floor(extract(epoch FROM v_start + v_n * interval '44 hours 17 minutes'))::bigint,
      'data', jsonb_build_object('object', jsonb_build_object(
        'id', 'cs_demo_' || v_n, 'object', 'checkout.session', 'mode', 'payment', 'payment_status', 'paid', 'payment_intent', 'pi_demo_' || v_n,
        'currency', 'usd', 'amount_total', v_price, 'total_details', '{"amount_tax": 0, "amount_shipping": 0, "amount_discount": 0}'::jsonb,
        'customer', 'cus_demo_' || v_n, 'customer_details', jsonb_build_object('email', format('customer%s@example.com', v_n)),
        'metadata', CASE WHEN v_n % 4 = 0 THEN '{}'::jsonb
                         ELSE jsonb_build_object('referral_code', (ARRAY['MAYA', 'TOM20', 'MAYA', 'LENA', 'RAJ'])[1 + v_n % 5]) END)))::text, 'UTF8'));
    IF v_n % 11 = 0 THEN
      PERFORM affiliate_private.receive_event(seed_demo_life.p_project_id, 'stripe', NULL, convert_to(jsonb_build_object(
        'id', 'evt_demo_refund_' || v_n, 'object', 'event', 'type', 'charge.refunded', 'livemode', false,
        'created', floor(extract(epoch FROM v_start + v_n * interval '44 hours 17 minutes' + interval '1 day'))::bigint,
        'data', jsonb_build_object('object', jsonb_build_object(
          'id', 'ch_demo_' || v_n, 'object', 'charge', 'payment_intent', 'pi_demo_' || v_n, 'currency', 'usd',
          'amount', v_price, 'amount_refunded', CASE WHEN v_n % 2 = 0 THEN v_price ELSE v_price / 2 END)))::text, 'UTF8'));
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION affiliate_private.seed_demo_life(bigint) IS 'The demo''s affiliates and ninety days of Stripe events.';
