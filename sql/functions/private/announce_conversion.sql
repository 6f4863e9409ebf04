CREATE OR REPLACE FUNCTION affiliate_private.announce_conversion(p_old affiliate_private.conversion, p_new affiliate_private.conversion) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_new      affiliate_private.conversion := announce_conversion.p_new;
  v_credited boolean := (announce_conversion.p_old).affiliate_id IS NOT NULL;
  v_refunded bigint;
BEGIN
  IF v_new.affiliate_id IS NULL OR v_new.type <> 'purchase' THEN
    RETURN;
  END IF;
  IF NOT v_credited THEN
    PERFORM affiliate_private.emit_webhook(v_new, 'referral_converted', affiliate_private.converted_section(v_new));
  ELSIF ((announce_conversion.p_old).affiliate_id, (announce_conversion.p_old).commission_minor, (announce_conversion.p_old).base_minor)
        IS DISTINCT FROM (v_new.affiliate_id, v_new.commission_minor, v_new.base_minor) THEN
    PERFORM affiliate_private.emit_webhook(v_new, 'referral_updated', affiliate_private.updated_section(v_new));
  END IF;
  v_refunded := v_new.refunded_minor - CASE WHEN v_credited THEN (announce_conversion.p_old).refunded_minor ELSE 0 END;
  IF v_refunded > 0 THEN
    PERFORM affiliate_private.emit_webhook(v_new, 'referral_canceled', affiliate_private.canceled_section(v_new, v_refunded, 'refund'));
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.announce_conversion(affiliate_private.conversion, affiliate_private.conversion) IS 'Writes the outbound events that a change of a conversion causes (docs/webhooks.md); nothing where no affiliate is credited.';
