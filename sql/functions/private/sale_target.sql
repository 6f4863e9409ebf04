CREATE OR REPLACE FUNCTION affiliate_private.sale_target(p_project_id bigint, p_sale_id bigint) RETURNS affiliate_private.sale_target
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_target   affiliate_private.sale_target;
  v_sale     affiliate_private.sale;
  v_setting  affiliate_private.project_setting;
  v_stamp    affiliate_private.conversion;
  v_evidence record;
  v_lines    record;
BEGIN
  SELECT s.* INTO STRICT v_sale FROM affiliate_private.sale AS s
  WHERE s.project_id = sale_target.p_project_id AND s.sale_id = sale_target.p_sale_id;
  SELECT c.* INTO v_stamp FROM affiliate_private.conversion AS c
  WHERE c.project_id = sale_target.p_project_id AND c.sale_id = sale_target.p_sale_id;
  v_setting  := affiliate_private.setting_at(v_sale.project_id, v_sale.occurred_at);
  v_evidence := affiliate_private.choose_evidence(v_sale, v_setting);

  v_target.affiliate_id       := v_evidence.affiliate_id;
  v_target.attribution_source := v_evidence.source;
  v_target.evidence_id        := v_evidence.evidence_id;
  -- What was paid out stays with whom it was paid to; the disagreement is recorded.
  IF v_stamp.paid AND v_stamp.affiliate_id IS DISTINCT FROM v_evidence.affiliate_id THEN
    v_target.affiliate_id           := v_stamp.affiliate_id;
    v_target.attribution_source     := v_stamp.attribution_source;
    v_target.evidence_id            := v_stamp.evidence_id;
    v_target.contested_affiliate_id := v_evidence.affiliate_id;
  END IF;
  IF v_target.attribution_source = 'coupon' THEN
    v_target.coupon_code_used := v_evidence.code_key;
  END IF;

  SELECT * INTO v_lines FROM affiliate_private.line_rules(v_sale, v_setting, v_target.affiliate_id);
  v_target.rule_source          := v_lines.rule_source;
  v_target.line_base_minor      := v_sale.line_base_minor;
  v_target.line_rate_ppm        := v_lines.line_rate_ppm;
  v_target.line_fixed_minor     := v_lines.line_fixed_minor;
  v_target.base_minor           := (SELECT sum(l.base_minor) FROM unnest(v_sale.line_base_minor) AS l (base_minor));
  v_target.currency             := v_sale.currency;
  v_target.value_override_minor := v_stamp.value_override_minor;
  v_target.occurred_at          := v_sale.occurred_at;
  v_target.hold_days            := v_setting.hold_days;
  v_target.fx_ppb := CASE WHEN v_target.affiliate_id IS NULL THEN 1000000000 ELSE
    affiliate_private.fx_ppb_at(v_sale.project_id, v_sale.currency,
                                (SELECT p.currency FROM affiliate_private.project AS p WHERE p.project_id = v_sale.project_id), v_sale.occurred_at) END;

  SELECT coalesce(sum(r.amount_minor), 0), coalesce(max(r.basis_minor), 0) INTO v_target.refunded_minor, v_target.refund_basis_minor
  FROM affiliate_private.sale_alias AS a
  JOIN affiliate_private.refund AS r ON r.project_id = a.project_id AND r.provider = a.provider AND r.alias_key = a.alias_key
  WHERE a.project_id = v_sale.project_id AND a.sale_id = v_sale.sale_id;
  RETURN v_target;
END
$$;
COMMENT ON FUNCTION affiliate_private.sale_target(bigint, bigint) IS 'What a sale should pay and to whom, from the facts and the settings in force at its time; writes nothing.';

CREATE OR REPLACE FUNCTION affiliate_private.line_rules(p_sale affiliate_private.sale, p_setting affiliate_private.project_setting, p_affiliate_id bigint,
                                                        OUT rule_source text, OUT line_rate_ppm bigint[], OUT line_fixed_minor bigint[])
LANGUAGE sql STABLE AS $$
  WITH line AS (
    SELECT l.n,
           CASE WHEN line_rules.p_affiliate_id IS NOT NULL THEN affiliate_kernel.choose_rule(
             affiliate_private.affiliate_rule_at((line_rules.p_sale).project_id, line_rules.p_affiliate_id, (line_rules.p_sale).occurred_at),
             CASE WHEN l.product <> '' THEN
               affiliate_private.product_rule_at((line_rules.p_sale).project_id, (line_rules.p_sale).provider, l.product, (line_rules.p_sale).occurred_at) END,
             ARRAY[(line_rules.p_setting).rate_ppm, (line_rules.p_setting).fixed_minor]) END AS rule
    FROM unnest((line_rules.p_sale).line_product) WITH ORDINALITY AS l (product, n)
  ), ranked AS (
    -- A fixed amount of the affiliate or the project is per sale: it stands on the first line it covers. A product's is per line.
    SELECT line.n, line.rule, row_number() OVER (PARTITION BY line.rule[1] = 2 ORDER BY line.n) = 1 OR line.rule[1] = 2 AS carries_fixed
    FROM line
  )
  SELECT CASE WHEN bool_and(r.rule IS NULL) THEN 'none'
              WHEN min(r.rule[1]) <> max(r.rule[1]) THEN 'mixed'
              ELSE (ARRAY['affiliate', 'product', 'project'])[min(r.rule[1])] END,
         array_agg(coalesce(r.rule[2], 0) ORDER BY r.n),
         array_agg(CASE WHEN r.carries_fixed THEN coalesce(r.rule[3], 0) ELSE 0 END ORDER BY r.n)
  FROM ranked AS r
$$;
COMMENT ON FUNCTION affiliate_private.line_rules(affiliate_private.sale, affiliate_private.project_setting, bigint) IS 'The commission rule of every line item of a sale (affiliate override, then product, then project default); zeros where nobody is credited.';
