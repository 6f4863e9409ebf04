CREATE OR REPLACE FUNCTION affiliate_private.settle_sales(p_project_id bigint, p_sale_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_sale_id bigint;
BEGIN
  FOREACH v_sale_id IN ARRAY coalesce(settle_sales.p_sale_ids, '{}') LOOP
    PERFORM affiliate_private.settle_sale(settle_sales.p_project_id, v_sale_id);
  END LOOP;
END
$$;
COMMENT ON FUNCTION affiliate_private.settle_sales(bigint, bigint[]) IS 'Settles sales of one customer in the given order. The caller holds the customer''s lock.';

CREATE OR REPLACE FUNCTION affiliate_private.settle_sale(p_project_id bigint, p_sale_id bigint, p_paid boolean DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_sale   affiliate_private.sale;
  v_target affiliate_private.sale_target;
  v_old    affiliate_private.conversion;
  v_new    affiliate_private.conversion;
BEGIN
  -- Most sales are new, and its width makes a row of that table dear to ask for.
  PERFORM FROM affiliate_private.conversion AS c
  WHERE c.project_id = settle_sale.p_project_id AND c.sale_id = settle_sale.p_sale_id;
  IF FOUND THEN
    SELECT c.* INTO v_old FROM affiliate_private.conversion AS c
    WHERE c.project_id = settle_sale.p_project_id AND c.sale_id = settle_sale.p_sale_id;
  END IF;
  IF v_old.deleted_at IS NOT NULL THEN
    RETURN;  -- A tombstone is never undone by late events.
  END IF;
  SELECT s.* INTO STRICT v_sale FROM affiliate_private.sale AS s
  WHERE s.project_id = settle_sale.p_project_id AND s.sale_id = settle_sale.p_sale_id;
  v_target := affiliate_private.sale_target(v_sale, v_old);
  IF v_old.conversion_id IS NULL THEN
    v_new := affiliate_private.insert_conversion(v_sale, v_target);
  ELSE
    PERFORM affiliate_private.note_reserved_sale(v_old);
    v_new := affiliate_private.name_user(v_sale, affiliate_private.restamp_conversion(v_sale, v_old, v_target));
  END IF;
  IF settle_sale.p_paid <> v_new.paid THEN
    UPDATE affiliate_private.conversion AS c SET paid = settle_sale.p_paid, updated_at = clock_timestamp()
    WHERE c.project_id = v_new.project_id AND c.conversion_id = v_new.conversion_id
    RETURNING c.* INTO v_new;
  END IF;
  IF v_new IS NOT DISTINCT FROM v_old THEN
    RETURN;
  END IF;
  PERFORM affiliate_private.book_conversion(v_old, v_new);
  IF v_new.paid IS DISTINCT FROM coalesce(v_old.paid, false) THEN
    PERFORM affiliate_private.book_payout(v_new);
  END IF;
  PERFORM affiliate_private.announce_conversion(v_old, v_new);
  PERFORM affiliate_private.note_level_candidates(v_new.project_id, ARRAY[v_new.affiliate_id, v_new.parent_affiliate_id]);
END
$$;
COMMENT ON FUNCTION affiliate_private.settle_sale(bigint, bigint, boolean) IS 'Brings one sale''s conversion, ledger and webhooks to what the facts say, and marks it paid or unpaid where the owner says so; nothing happens where they already are.';

CREATE OR REPLACE FUNCTION affiliate_private.note_reserved_sale(p_conversion affiliate_private.conversion) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  UPDATE affiliate_private.payout_line AS l SET settled_meanwhile = true
  WHERE l.project_id = (note_reserved_sale.p_conversion).project_id AND l.conversion_id = (note_reserved_sale.p_conversion).conversion_id
    AND l.reserved AND NOT l.settled_meanwhile;
END
$$;
COMMENT ON FUNCTION affiliate_private.note_reserved_sale(affiliate_private.conversion) IS 'Notes that a conversion is settled while an open payout keeps it from moving, so that it is settled again when that ends.';

CREATE OR REPLACE FUNCTION affiliate_private.insert_conversion(p_sale affiliate_private.sale, p_target affiliate_private.sale_target) RETURNS affiliate_private.conversion
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.conversion;
BEGIN
  INSERT INTO affiliate_private.conversion AS c
    (project_id, sale_id, type, referred_user_id, affiliate_id, attribution_source, evidence_id, rule_source, currency, base_minor,
     line_base_minor, line_rate_ppm, line_fixed_minor, fx_ppb, value_override_minor, occurred_at, hold_days, refunded_minor, refund_basis_minor, canceled,
     level_id, parent_affiliate_id, tier_rate_ppm, tier_fixed_minor, tier_minor, coupon_code_used, reference)
  SELECT (insert_conversion.p_sale).project_id, (insert_conversion.p_sale).sale_id, (insert_conversion.p_target).type,
         affiliate_private.refer_user(insert_conversion.p_sale, (insert_conversion.p_target).affiliate_id, (insert_conversion.p_target).type),
         (insert_conversion.p_target).affiliate_id, (insert_conversion.p_target).attribution_source, (insert_conversion.p_target).evidence_id,
         (insert_conversion.p_target).rule_source, (insert_conversion.p_target).currency, (insert_conversion.p_target).base_minor,
         (insert_conversion.p_target).line_base_minor, (insert_conversion.p_target).line_rate_ppm, (insert_conversion.p_target).line_fixed_minor,
         (insert_conversion.p_target).fx_ppb, (insert_conversion.p_target).value_override_minor, (insert_conversion.p_target).occurred_at, (insert_conversion.p_target).hold_days,
         (insert_conversion.p_target).refunded_minor, (insert_conversion.p_target).refund_basis_minor, (insert_conversion.p_target).canceled,
         (insert_conversion.p_target).level_id, (insert_conversion.p_target).parent_affiliate_id, (insert_conversion.p_target).tier_rate_ppm,
         (insert_conversion.p_target).tier_fixed_minor, (insert_conversion.p_target).tier_minor, (insert_conversion.p_target).coupon_code_used,
         (insert_conversion.p_target).reference
  RETURNING c.* INTO v_row;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.insert_conversion(affiliate_private.sale, affiliate_private.sale_target) IS 'The conversion of a sale settled for the first time; the stamping trigger fills in commission and release time.';

CREATE OR REPLACE FUNCTION affiliate_private.restamp_conversion(p_sale affiliate_private.sale, p_old affiliate_private.conversion, p_target affiliate_private.sale_target) RETURNS affiliate_private.conversion
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.conversion;
BEGIN
  IF affiliate_private.stamp_of(restamp_conversion.p_old) IS DISTINCT FROM restamp_conversion.p_target THEN
    UPDATE affiliate_private.conversion AS c
    SET type = t.type, affiliate_id = t.affiliate_id, attribution_source = t.attribution_source, evidence_id = t.evidence_id, rule_source = t.rule_source,
        currency = t.currency, base_minor = t.base_minor, line_base_minor = t.line_base_minor, line_rate_ppm = t.line_rate_ppm,
        line_fixed_minor = t.line_fixed_minor, fx_ppb = t.fx_ppb, value_override_minor = t.value_override_minor, occurred_at = t.occurred_at,
        hold_days = t.hold_days, refunded_minor = t.refunded_minor, refund_basis_minor = t.refund_basis_minor, canceled = t.canceled,
        contested_affiliate_id = t.contested_affiliate_id, level_id = t.level_id, parent_affiliate_id = t.parent_affiliate_id,
        tier_rate_ppm = t.tier_rate_ppm, tier_fixed_minor = t.tier_fixed_minor, tier_minor = t.tier_minor, coupon_code_used = t.coupon_code_used, reference = t.reference,
        referred_user_id = affiliate_private.refer_user(restamp_conversion.p_sale, t.affiliate_id, t.type),
        stamp_version = c.stamp_version + 1, updated_at = clock_timestamp()
    FROM (SELECT (restamp_conversion.p_target).*) AS t
    WHERE c.project_id = (restamp_conversion.p_old).project_id AND c.conversion_id = (restamp_conversion.p_old).conversion_id
    RETURNING c.* INTO v_row;
    RETURN v_row;
  END IF;
  RETURN restamp_conversion.p_old;
END
$$;
COMMENT ON FUNCTION affiliate_private.restamp_conversion(affiliate_private.sale, affiliate_private.conversion, affiliate_private.sale_target) IS 'The conversion brought to its target under a new stamp version; unchanged where it is there already.';

CREATE OR REPLACE FUNCTION affiliate_private.name_user(p_sale affiliate_private.sale, p_conversion affiliate_private.conversion) RETURNS affiliate_private.conversion
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row     affiliate_private.conversion := name_user.p_conversion;
  v_user_id bigint;
BEGIN
  -- The email of its customer may be learnt later than the payment.
  IF v_row.referred_user_id IS NULL THEN
    v_user_id := affiliate_private.refer_user(name_user.p_sale, v_row.affiliate_id, v_row.type);
    IF v_user_id IS NOT NULL THEN
      UPDATE affiliate_private.conversion AS c SET referred_user_id = v_user_id, updated_at = clock_timestamp()
      WHERE c.project_id = v_row.project_id AND c.conversion_id = v_row.conversion_id
      RETURNING c.* INTO v_row;
    END IF;
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.name_user(affiliate_private.sale, affiliate_private.conversion) IS 'The conversion with its referred user, where one has become known since.';

CREATE OR REPLACE FUNCTION affiliate_private.stamp_of(p_conversion affiliate_private.conversion) RETURNS affiliate_private.sale_target
LANGUAGE sql IMMUTABLE AS $$
  SELECT ROW((stamp_of.p_conversion).type, (stamp_of.p_conversion).affiliate_id, (stamp_of.p_conversion).attribution_source, (stamp_of.p_conversion).evidence_id,
             (stamp_of.p_conversion).rule_source, (stamp_of.p_conversion).currency, (stamp_of.p_conversion).base_minor,
             (stamp_of.p_conversion).line_base_minor, (stamp_of.p_conversion).line_rate_ppm, (stamp_of.p_conversion).line_fixed_minor,
             (stamp_of.p_conversion).fx_ppb, (stamp_of.p_conversion).value_override_minor, (stamp_of.p_conversion).occurred_at,
             (stamp_of.p_conversion).hold_days, (stamp_of.p_conversion).refunded_minor, (stamp_of.p_conversion).refund_basis_minor, (stamp_of.p_conversion).canceled,
             (stamp_of.p_conversion).contested_affiliate_id, (stamp_of.p_conversion).level_id, (stamp_of.p_conversion).parent_affiliate_id,
             (stamp_of.p_conversion).tier_rate_ppm, (stamp_of.p_conversion).tier_fixed_minor, (stamp_of.p_conversion).tier_minor, (stamp_of.p_conversion).coupon_code_used,
             (stamp_of.p_conversion).reference)::affiliate_private.sale_target
$$;
COMMENT ON FUNCTION affiliate_private.stamp_of(affiliate_private.conversion) IS 'What a conversion says now, in the form of a target, for comparing.';
