CREATE OR REPLACE FUNCTION affiliate_private.announce_conversion(p_old affiliate_private.conversion, p_new affiliate_private.conversion) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_new      affiliate_private.conversion := announce_conversion.p_new;
  v_credited boolean := (announce_conversion.p_old).affiliate_id IS NOT NULL;
  v_sold     boolean := v_credited AND (announce_conversion.p_old).type = 'purchase';
  v_refunded bigint;
BEGIN
  IF v_new.affiliate_id IS NULL THEN
    RETURN;
  END IF;
  IF v_new.type = 'purchase' AND NOT v_sold THEN
    PERFORM affiliate_private.emit_conversion_webhook(v_new, 'referral_converted');
  END IF;
  -- A sign-up was announced when it came (referral_signed_up); what becomes of it is told like that of a sale.
  IF v_credited AND affiliate_private.announced_part(announce_conversion.p_old) IS DISTINCT FROM affiliate_private.announced_part(v_new) THEN
    PERFORM affiliate_private.emit_conversion_webhook(v_new, 'referral_updated');
  END IF;
  v_refunded := v_new.refunded_minor - CASE WHEN v_sold THEN (announce_conversion.p_old).refunded_minor ELSE 0 END;
  IF v_refunded > 0 AND v_new.type = 'purchase' THEN
    PERFORM affiliate_private.emit_conversion_webhook(v_new, 'referral_canceled', v_refunded, 'refund');
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.announce_conversion(affiliate_private.conversion, affiliate_private.conversion) IS 'Writes the outbound events that a change of a conversion causes (docs/webhooks.md); nothing where no affiliate is credited.';

CREATE OR REPLACE FUNCTION affiliate_private.announced_part(p_conversion affiliate_private.conversion) RETURNS record
LANGUAGE sql IMMUTABLE AS $$
  SELECT (c.affiliate_id, c.type, c.commission_minor, c.base_minor, c.currency, c.reference, c.coupon_code_used, c.paid)
  FROM (SELECT (announced_part.p_conversion).*) AS c
$$;
COMMENT ON FUNCTION affiliate_private.announced_part(affiliate_private.conversion) IS 'What of a conversion is worth a referral_updated when it changes; refunds have an event of their own.';

CREATE OR REPLACE FUNCTION affiliate_private.emit_conversion_webhook(p_conversion affiliate_private.conversion, p_event_type text,
                                                                     p_refund_minor bigint DEFAULT NULL, p_reason text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.conversion := emit_conversion_webhook.p_conversion;
BEGIN
  -- Working out what to say costs more than seeing that nobody listens.
  IF affiliate_private.is_webhook_wanted(v_row.project_id, emit_conversion_webhook.p_event_type) THEN
    PERFORM affiliate_private.emit_webhook(v_row.project_id, v_row.affiliate_id, v_row.referred_user_id, emit_conversion_webhook.p_event_type, 'conversion',
      CASE emit_conversion_webhook.p_event_type
        WHEN 'referral_converted' THEN affiliate_private.converted_section(v_row)
        WHEN 'referral_updated' THEN affiliate_private.updated_section(v_row)
        WHEN 'referral_canceled' THEN affiliate_private.canceled_section(v_row, emit_conversion_webhook.p_refund_minor, emit_conversion_webhook.p_reason)
      END);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.emit_conversion_webhook(affiliate_private.conversion, text, bigint, text) IS 'An event about a conversion, where an endpoint wants it; the last two are the refund and the reason of referral_canceled.';
