CREATE OR REPLACE FUNCTION affiliate_private.sample_section(p_event_type text, p_currency text, p_at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE sample_section.p_event_type
    WHEN 'referral_signed_up' THEN
      format('"data":{"referral_code":"TEST","signup_date":%s,"user_agent":null,"ip_address":null}', t.at)
    WHEN 'referral_converted' THEN
      format('"conversion":{"id":"conv_0","amount":100,"currency":%s,"commission_amount":20,"commission_type":"percentage","commission_rate":20,"payment_processor":"stripe","product_id":"prod_test","order_id":"order_test","conversion_date":%s}',
             to_json(sample_section.p_currency), t.at)
    WHEN 'referral_canceled' THEN
      format('"conversion":{"id":"conv_0","amount":100,"commission_amount":20,"refund_amount":100,"refunded_total":100,"reason":"refund","canceled_date":%s}', t.at)
    ELSE
      format('"conversion":{"id":"conv_0","amount":100,"amount_usd":null,"commission_amount":20,"base_value":100,"conversion_date":%s,"reference":"order_test"}', t.at)
    END
  FROM (SELECT to_json(affiliate_private.webhook_time(sample_section.p_at)) AS at) AS t
$$;
COMMENT ON FUNCTION affiliate_private.sample_section(text, text, timestamptz) IS 'The part of a payload that depends on its event, with made-up figures.';

CREATE OR REPLACE FUNCTION affiliate_private.emit_test_webhook(p_endpoint affiliate_private.webhook_endpoint, p_event_type text) RETURNS affiliate_private.webhook_delivery
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_project_id bigint      := (emit_test_webhook.p_endpoint).project_id;
  v_message_id text        := 'evt_' || replace(gen_random_uuid()::text, '-', '');
  v_at         timestamptz := clock_timestamp();
  v_event_id   bigint;
BEGIN
  INSERT INTO affiliate_private.webhook_event AS e (project_id, message_id, event_type, is_test, body)
  VALUES (v_project_id, v_message_id, emit_test_webhook.p_event_type, true,
          format('{"id":%s,"event":%s,"timestamp":%s,"project_id":%s,"referrer":{"id":"0","email":"affiliate@example.com"},"referred":{"id":"0","email":"customer@example.com"},%s,"test":true}',
                 to_json(v_message_id), to_json(emit_test_webhook.p_event_type), floor(extract(epoch FROM v_at))::bigint, to_json(v_project_id::text),
                 affiliate_private.sample_section(emit_test_webhook.p_event_type, affiliate_private.project_currency(v_project_id), v_at)))
  RETURNING e.event_id INTO v_event_id;
  RETURN affiliate_private.add_delivery(v_project_id, (emit_test_webhook.p_endpoint).endpoint_id, v_event_id);
END
$$;
COMMENT ON FUNCTION affiliate_private.emit_test_webhook(affiliate_private.webhook_endpoint, text) IS 'A made-up event to one endpoint, marked "test":true, by the way real ones go.';

CREATE OR REPLACE FUNCTION affiliate_private.add_delivery(p_project_id bigint, p_endpoint_id bigint, p_event_id bigint) RETURNS affiliate_private.webhook_delivery
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.webhook_delivery;
BEGIN
  INSERT INTO affiliate_private.webhook_delivery AS d (project_id, endpoint_id, event_id)
  VALUES (add_delivery.p_project_id, add_delivery.p_endpoint_id, add_delivery.p_event_id)
  RETURNING d.* INTO v_row;
  PERFORM affiliate_private.ring_doorbell();
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.add_delivery(bigint, bigint, bigint) IS 'One event to one endpoint, due at once.';
