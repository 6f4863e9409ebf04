CREATE OR REPLACE FUNCTION affiliate_private.sale_target(p_sale affiliate_private.sale, p_stamp affiliate_private.conversion) RETURNS affiliate_private.sale_target
LANGUAGE plpgsql STABLE AS $$
DECLARE
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
  v_total    bigint := 0;
  v_currency text;
  v_fx_ppb   bigint;
  v_contested_id bigint;
  v_counted_as text;
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
  v_counted_as := affiliate_private.counted_as(v_sale, v_payment);
  IF v_counted_as IS NULL THEN
    v_evidence := affiliate_private.choose_evidence(v_sale, v_setting, affiliate_private.sale_scopes(v_sale, v_payment));
  ELSE
    -- Somebody is credited with the payment under its own name.
    v_evidence             := affiliate_private.no_evidence();
    v_sale.line_base_minor := array_fill(0::bigint, ARRAY[cardinality(v_sale.line_base_minor)]);
    v_edit.value_minor     := NULL;
  END IF;
  IF cardinality(v_payment) > 1 AND v_counted_as IS NULL AND v_edit.value_minor IS NULL AND v_edit.base_minor IS NULL THEN
    -- What the owner said under another name of the payment.
    v_edit.value_minor := affiliate_private.payment_value(v_sale, v_payment);
  END IF;

  -- What was paid out, or is about to be, keeps the attribution it is paid by; a disagreement is recorded.
  v_kept := v_stamp.conversion_id IS NOT NULL AND (v_stamp.paid OR affiliate_private.is_reserved(v_stamp));
  IF v_kept THEN
    v_contested_id          := nullif(v_evidence.affiliate_id, v_stamp.affiliate_id);
    v_evidence.affiliate_id := v_stamp.affiliate_id;
    v_evidence.source       := v_stamp.attribution_source;
    v_evidence.evidence_id  := v_stamp.evidence_id;
  END IF;
  v_fx_ppb := CASE WHEN v_evidence.affiliate_id IS NULL THEN 1000000000 ELSE
    affiliate_private.fx_ppb_at(v_sale.project_id, v_sale.currency, v_currency, v_sale.counts_at) END;
  IF v_fx_ppb IS NULL THEN
    -- A new sale waits for the rate. One that is known already stays nobody's until then: whatever speaks for somebody now must not fail on it.
    IF v_stamp.conversion_id IS NULL THEN
      PERFORM affiliate_private.raise_no_rate(v_sale.currency, v_currency);
    END IF;
    v_evidence     := affiliate_private.no_evidence();
    v_contested_id := NULL;
    v_fx_ppb       := 1000000000;
  END IF;

  v_level := affiliate_private.level_at(v_sale.project_id, v_evidence.affiliate_id, v_sale.counts_at);
  IF v_level.level_id IS NOT NULL THEN
    v_setting := affiliate_private.levelled_setting(v_setting, v_level);
  END IF;
  v_lines := affiliate_private.line_rules(v_sale, v_setting, v_evidence.affiliate_id, CASE WHEN v_level.level_id IS NULL THEN 'project' ELSE 'level' END,
                                          v_sale.type = 'purchase' AND v_counted_as IS NULL
                                            AND affiliate_private.why_unpaid(v_sale, v_setting, v_payment) IS NULL);
  v_tier := affiliate_private.sale_tier(v_sale, v_setting, CASE WHEN v_lines.rule_source <> 'none' THEN v_evidence.affiliate_id END, v_fx_ppb);
  FOREACH v_base IN ARRAY v_sale.line_base_minor LOOP
    v_total := v_total + v_base;
  END LOOP;
  -- One expression for all of it: PL/pgSQL sets each of its expressions up anew in every transaction, which costs more than most of these do.
  RETURN ROW(
    v_sale.type, v_evidence.affiliate_id, v_evidence.source, v_evidence.evidence_id, v_lines.rule_source, v_sale.currency, v_total,
    v_sale.line_base_minor, v_lines.line_rate_ppm, v_lines.line_fixed_minor, v_fx_ppb, v_edit.value_minor, v_sale.occurred_at, v_setting.hold_days,
    -- refunded_minor, of refund_basis_minor
    least(affiliate_private.refunded_minor(v_sale.project_id, v_sale.provider, v_payment), greatest(v_sale.refund_basis_minor, 0)), v_sale.refund_basis_minor,
    affiliate_private.sale_canceled(v_sale, v_setting.hold_days, v_stamp),
    v_contested_id, v_level.level_id, v_tier.parent_affiliate_id, v_tier.rate_ppm, v_tier.fixed_minor, v_tier.tier_minor,
    -- coupon_code_used
    coalesce(v_edit.coupon_code_used, CASE WHEN v_kept THEN v_stamp.coupon_code_used WHEN v_evidence.source = 'coupon' THEN
      affiliate_private.coupon_code_of(v_sale.project_id, v_evidence.evidence_id, v_evidence.named_at) END),
    -- reference
    coalesce(v_edit.reference, CASE WHEN v_sale.provider <> 'api' THEN v_sale.sale_key END))::affiliate_private.sale_target;
END
$$;
COMMENT ON FUNCTION affiliate_private.sale_target(affiliate_private.sale, affiliate_private.conversion) IS 'What a sale should pay and to whom, from the facts, its conversion so far (all NULL for none) and the settings in force at its time; writes nothing. RF422 for a new sale in a currency without a rate.';

CREATE OR REPLACE FUNCTION affiliate_private.payment_value(p_sale affiliate_private.sale, p_payment text[]) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT e.value_minor FROM affiliate_private.sale AS s
          JOIN affiliate_private.sale_edit AS e ON e.project_id = s.project_id AND e.sale_id = s.sale_id
          WHERE s.project_id = (payment_value.p_sale).project_id AND s.provider = (payment_value.p_sale).provider AND s.sale_key = ANY (payment_value.p_payment)
            AND e.value_minor IS NOT NULL
          ORDER BY s.occurred_at, s.sale_key LIMIT 1);
END
$$;
COMMENT ON FUNCTION affiliate_private.payment_value(affiliate_private.sale, text[]) IS 'The commission in minor units that the owner gave by hand under any name of a payment, the earliest sale''s first; NULL for none.';
