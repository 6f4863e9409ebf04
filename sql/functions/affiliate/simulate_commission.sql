CREATE OR REPLACE FUNCTION affiliate_private.simulated_setting(p_setting affiliate_private.project_setting, p_rule json, p_currency text) RETURNS affiliate_private.project_setting
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_setting affiliate_private.project_setting := simulated_setting.p_setting;
  v_rule    record;
  v_key     text;
  v_value   text;
BEGIN
  FOR v_key, v_value IN SELECT r.key, r.value FROM json_each_text(simulated_setting.p_rule) AS r LOOP
    IF v_key IN ('commission_duration', 'commission_months', 'recurring_commission', 'upgrade_commission') THEN
      v_setting := affiliate_private.change_setting(v_setting, v_key, v_value);
    ELSIF v_key NOT IN ('commission_percent', 'commission_fixed') THEN
      RAISE EXCEPTION USING ERRCODE = 'RF400',
        MESSAGE = format('a rule cannot be tried with "%s": use commission_percent or commission_fixed, commission_duration, commission_months, '
                         'recurring_commission or upgrade_commission', left(v_key, 60));
    END IF;
  END LOOP;
  v_rule := affiliate_private.parse_commission(simulated_setting.p_rule ->> 'commission_percent', simulated_setting.p_rule ->> 'commission_fixed', simulated_setting.p_currency);
  v_setting.rate_ppm    := coalesce(v_rule.rate_ppm, v_setting.rate_ppm);
  v_setting.fixed_minor := coalesce(v_rule.fixed_minor, v_setting.fixed_minor);
  RETURN affiliate_private.fit_duration(v_setting, simulated_setting.p_rule);
END
$$;
COMMENT ON FUNCTION affiliate_private.simulated_setting(affiliate_private.project_setting, json, text) IS 'Settings with those of a rule in their place; RF400 naming a wrong one.';

CREATE OR REPLACE FUNCTION affiliate_private.simulated_minor(p_conversion affiliate_private.conversion, p_sale affiliate_private.sale, p_setting affiliate_private.project_setting) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_lines integer := cardinality((simulated_minor.p_conversion).line_base_minor);
  v_minor bigint;
BEGIN
  IF affiliate_private.why_unpaid(simulated_minor.p_sale, simulated_minor.p_setting, affiliate_private.payment_component(
           (simulated_minor.p_sale).project_id, (simulated_minor.p_sale).provider, ARRAY[(simulated_minor.p_sale).sale_key])) IS NOT NULL THEN
    RETURN 0;
  END IF;
  v_minor := affiliate_kernel.sale_commission((simulated_minor.p_conversion).line_base_minor, array_fill((simulated_minor.p_setting).rate_ppm, ARRAY[v_lines]),
    -- A fixed amount is per sale.
    (simulated_minor.p_setting).fixed_minor || array_fill(0::bigint, ARRAY[v_lines - 1]), (simulated_minor.p_conversion).fx_ppb);
  RETURN v_minor - affiliate_private.reversed_part(simulated_minor.p_conversion, v_minor);
END
$$;
COMMENT ON FUNCTION affiliate_private.simulated_minor(affiliate_private.conversion, affiliate_private.sale, affiliate_private.project_setting) IS 'What a sale would have paid by these settings, after its refunds, minor units of the project''s currency.';

CREATE OR REPLACE FUNCTION affiliate.simulate_commission(p_project_id bigint, p_rule json, p_from timestamptz DEFAULT '-infinity', p_to timestamptz DEFAULT 'infinity')
RETURNS TABLE (affiliate_id bigint, email text, sales bigint, earned numeric, simulated numeric, difference numeric, currency text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_project affiliate_private.project := affiliate_private.check_project(simulate_commission.p_project_id);
  v_first   affiliate_private.project_setting;
BEGIN
  v_first := affiliate_private.simulated_setting(affiliate_private.setting_at(v_project.project_id, 'infinity'), simulate_commission.p_rule, v_project.currency);
  RETURN QUERY
    SELECT a.affiliate_id, a.email, m.sales, d.earned, d.simulated, d.simulated - d.earned, v_project.currency
    FROM (
      SELECT c.affiliate_id, count(*) AS sales, sum(c.commission_minor - affiliate_private.reversed_minor(c))::bigint AS earned_minor,
             sum(affiliate_private.simulated_minor(c, s, v_first))::bigint AS simulated_minor
      FROM affiliate_private.conversion AS c
      JOIN affiliate_private.sale AS s ON s.project_id = c.project_id AND s.sale_id = c.sale_id
      WHERE c.project_id = v_project.project_id AND c.type = 'purchase' AND c.paid = ANY ('{false,true}') AND c.deleted_at IS NULL AND c.affiliate_id IS NOT NULL
        AND c.occurred_at >= simulate_commission.p_from AND c.occurred_at < simulate_commission.p_to
      GROUP BY c.affiliate_id) AS m
    JOIN affiliate_private.affiliate AS a ON a.project_id = v_project.project_id AND a.affiliate_id = m.affiliate_id
    CROSS JOIN LATERAL (SELECT affiliate_private.money_decimal(m.earned_minor, v_project.currency) AS earned,
                               affiliate_private.money_decimal(m.simulated_minor, v_project.currency) AS simulated) AS d
    ORDER BY d.simulated - d.earned DESC, a.affiliate_id;
END
$$;
COMMENT ON FUNCTION affiliate.simulate_commission(bigint, json, timestamptz, timestamptz) IS 'What one rule would have paid for the sales from p_from up to p_to, per affiliate, beside what they earned (after refunds, decimals of the project''s currency). The rule stands in place of defaults, levels, products and overrides: commission_percent or commission_fixed, commission_duration, commission_months, recurring_commission, upgrade_commission; what it does not name is as the project has it now. Writes nothing. RF400 wrong rule, RF404 unknown project.';
