CREATE OR REPLACE FUNCTION affiliate_private.sale_target(p_sale affiliate_private.sale, p_stamp affiliate_private.conversion) RETURNS affiliate_private.sale_target
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_target   affiliate_private.sale_target;
  v_sale     affiliate_private.sale := sale_target.p_sale;
  v_edit     affiliate_private.sale_edit;
  v_payment  text[];
  v_setting  affiliate_private.project_setting;
  v_stamp    affiliate_private.conversion := sale_target.p_stamp;
  v_evidence record;
  v_kept     boolean;
  v_level    affiliate_private.commission_level_version;
  v_lines    record;
  v_tier     record;
  v_base     bigint;
  v_currency text;
BEGIN
  v_setting  := affiliate_private.setting_at(v_sale.project_id, v_sale.counts_at);
  v_currency := affiliate_private.project_currency(v_sale.project_id);
  v_payment := affiliate_private.payment_component(v_sale.project_id, v_sale.provider, ARRAY[v_sale.sale_key]);
  v_sale.line_product := affiliate_private.sale_products(v_sale);
  IF v_setting.commission_base = 'gross' THEN
    v_sale.line_base_minor := affiliate_private.spread_minor(v_sale.line_base_minor, v_sale.gross_minor);
  END IF;
  SELECT e.* INTO v_edit FROM affiliate_private.sale_edit AS e
  WHERE e.project_id = v_sale.project_id AND e.sale_id = v_sale.sale_id;
  IF FOUND THEN
    v_sale := affiliate_private.edited_sale(v_sale, v_edit);
  END IF;
  v_evidence := affiliate_private.choose_evidence(v_sale, v_setting, affiliate_private.sale_scopes(v_sale, v_payment));

  v_target.affiliate_id       := v_evidence.affiliate_id;
  v_target.attribution_source := v_evidence.source;
  v_target.evidence_id        := v_evidence.evidence_id;
  -- What was paid out, or is about to be, keeps the attribution it is paid by; a disagreement is recorded.
  v_kept := v_stamp.conversion_id IS NOT NULL AND (v_stamp.paid OR affiliate_private.is_reserved(v_stamp));
  IF v_kept THEN
    v_target.affiliate_id           := v_stamp.affiliate_id;
    v_target.attribution_source     := v_stamp.attribution_source;
    v_target.evidence_id            := v_stamp.evidence_id;
    v_target.contested_affiliate_id := nullif(v_evidence.affiliate_id, v_stamp.affiliate_id);
  END IF;
  v_target.fx_ppb := CASE WHEN v_target.affiliate_id IS NULL THEN 1000000000 ELSE
    affiliate_private.fx_ppb_at(v_sale.project_id, v_sale.currency, v_currency, v_sale.counts_at) END;
  IF v_target.fx_ppb IS NULL THEN
    -- A new sale waits for the rate. One that is known already stays nobody's until then: whatever speaks for somebody now must not fail on it.
    IF v_stamp.conversion_id IS NULL THEN
      PERFORM affiliate_private.raise_no_rate(v_sale.currency, v_currency);
    END IF;
    v_target.affiliate_id           := NULL;
    v_target.attribution_source     := NULL;
    v_target.evidence_id            := NULL;
    v_target.contested_affiliate_id := NULL;
    v_target.fx_ppb                 := 1000000000;
  END IF;
  v_target.coupon_code_used := coalesce(v_edit.coupon_code_used, CASE WHEN v_kept THEN v_stamp.coupon_code_used
                                                                      WHEN v_target.attribution_source = 'coupon' THEN
    affiliate_private.coupon_code_of(v_sale.project_id, v_target.evidence_id, v_sale.counts_at) END);
  v_target.reference := coalesce(v_edit.reference, CASE WHEN v_sale.provider <> 'api' THEN v_sale.sale_key END);

  v_level := affiliate_private.level_at(v_sale.project_id, v_target.affiliate_id, v_sale.counts_at);
  v_setting := affiliate_private.levelled_setting(v_setting, v_level);
  v_lines := affiliate_private.line_rules(v_sale, v_setting, v_target.affiliate_id, CASE WHEN v_level.level_id IS NULL THEN 'project' ELSE 'level' END,
                                          v_sale.type = 'purchase' AND affiliate_private.sale_pays(v_sale, v_setting, v_payment));
  v_target.level_id             := v_level.level_id;
  v_target.type                 := v_sale.type;
  v_target.rule_source          := v_lines.rule_source;
  v_target.line_base_minor      := v_sale.line_base_minor;
  v_target.line_rate_ppm        := v_lines.line_rate_ppm;
  v_target.line_fixed_minor     := v_lines.line_fixed_minor;
  v_target.base_minor           := 0;
  FOREACH v_base IN ARRAY v_sale.line_base_minor LOOP
    v_target.base_minor := v_target.base_minor + v_base;
  END LOOP;
  v_target.currency             := v_sale.currency;
  v_target.value_override_minor := v_edit.value_minor;
  v_target.occurred_at          := v_sale.occurred_at;
  v_target.hold_days            := v_setting.hold_days;

  v_tier := affiliate_private.sale_tier(v_sale, v_setting, CASE WHEN v_lines.rule_source <> 'none' THEN v_target.affiliate_id END, v_target.fx_ppb);
  v_target.parent_affiliate_id := v_tier.parent_affiliate_id;
  v_target.tier_rate_ppm       := v_tier.rate_ppm;
  v_target.tier_fixed_minor    := v_tier.fixed_minor;
  v_target.tier_minor          := v_tier.tier_minor;

  v_target.refund_basis_minor := v_sale.refund_basis_minor;
  v_target.refunded_minor     := least(affiliate_private.refunded_minor(v_sale.project_id, v_sale.provider, v_payment), greatest(v_sale.refund_basis_minor, 0));
  v_target.canceled           := affiliate_private.sale_canceled(v_sale, v_setting.hold_days, v_stamp);
  RETURN v_target;
END
$$;
COMMENT ON FUNCTION affiliate_private.sale_target(affiliate_private.sale, affiliate_private.conversion) IS 'What a sale should pay and to whom, from the facts, its conversion so far (all NULL for none) and the settings in force at its time; writes nothing. RF422 for a new sale in a currency without a rate.';
