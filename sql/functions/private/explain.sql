-- The parts of affiliate.explain_conversion.

CREATE OR REPLACE FUNCTION affiliate_private.explain_evidence(p_sale affiliate_private.sale, p_conversion affiliate_private.conversion) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT coalesce(json_agg(row_to_json(x) ORDER BY x.priority NULLS LAST, x.observed_at DESC, x.code), '[]'::json) FROM (
    SELECT e.source, e.namespace, e.code_key AS code, e.scope_key AS about, e.observed_at, nullif(e.effective_at, '-infinity') AS effective_at,
           o.affiliate_id, a.email AS affiliate, CASE WHEN v.own THEN affiliate_private.source_priority(e.source, e.namespace) END AS priority,
           CASE WHEN e.evidence_id = (explain_evidence.p_conversion).evidence_id THEN 'wins'
                WHEN e.effective_at > v.at THEN 'only concerns later sales'
                WHEN NOT v.own AND e.observed_at > v.at THEN 'a touch after the sale'
                WHEN o.affiliate_id IS NULL THEN 'nobody owned this code at the time of the sale'
                WHEN a.deleted_at IS NOT NULL THEN 'its affiliate has been deleted'
                WHEN affiliate_private.affiliate_status_at(e.project_id, o.affiliate_id, v.at) <> 'active' THEN 'its affiliate was inactive at the time of the sale'
                WHEN NOT affiliate_private.may_earn(e.project_id, o.affiliate_id, e.customer_id, v.at, s.allow_self_referral) THEN 'a self-referral'
                WHEN v.own THEN 'weaker than what wins'
                ELSE 'an earlier touch; counts only where nothing is known of the sale itself' END AS verdict
    FROM affiliate_private.evidence AS e
    CROSS JOIN LATERAL (
      SELECT (explain_evidence.p_sale).counts_at AS at,
             e.provider = (explain_evidence.p_sale).provider AND e.scope_key = ANY (affiliate_private.sale_scopes(explain_evidence.p_sale,
               affiliate_private.payment_component(e.project_id, e.provider, ARRAY[(explain_evidence.p_sale).sale_key]))) AS own) AS v
    CROSS JOIN LATERAL affiliate_private.setting_at(e.project_id, v.at) AS s
    CROSS JOIN LATERAL (SELECT affiliate_private.code_owner_at(e.project_id, e.namespace, e.code_key, v.at) AS affiliate_id) AS o
    LEFT JOIN affiliate_private.affiliate AS a ON a.project_id = e.project_id AND a.affiliate_id = o.affiliate_id
    WHERE e.project_id = (explain_evidence.p_sale).project_id AND e.customer_id = (explain_evidence.p_sale).customer_id
    ORDER BY v.own DESC, e.observed_at DESC LIMIT 100) AS x
$$;
COMMENT ON FUNCTION affiliate_private.explain_evidence(affiliate_private.sale, affiliate_private.conversion) IS 'The evidence considered for a sale (of very many the nearest hundred), each with whom it speaks for and what became of it.';

CREATE OR REPLACE FUNCTION affiliate_private.explain_lines(p_sale affiliate_private.sale, p_conversion affiliate_private.conversion, p_currency text) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT json_agg(row_to_json(x) ORDER BY x.line) FROM (
    SELECT l.n AS line, nullif((affiliate_private.sale_products(explain_lines.p_sale))[l.n], '') AS product,
           affiliate_private.money_number(l.base_minor, (explain_lines.p_conversion).currency) AS base, trim_scale(l.rate_ppm * 0.0001) AS percent,
           affiliate_private.money_number(l.fixed_minor, explain_lines.p_currency) AS fixed,
           affiliate_private.money_number(affiliate_kernel.line_commission(l.base_minor, l.rate_ppm, l.fixed_minor, (explain_lines.p_conversion).fx_ppb),
                                          explain_lines.p_currency) AS commission
    FROM unnest((explain_lines.p_conversion).line_base_minor, (explain_lines.p_conversion).line_rate_ppm, (explain_lines.p_conversion).line_fixed_minor)
           WITH ORDINALITY AS l (base_minor, rate_ppm, fixed_minor, n)) AS x
$$;
COMMENT ON FUNCTION affiliate_private.explain_lines(affiliate_private.sale, affiliate_private.conversion, text) IS 'The arithmetic of a conversion line by line: base x percent (x exchange rate) + fixed, rounded half away from zero.';

CREATE OR REPLACE FUNCTION affiliate_private.explain_rule(p_sale affiliate_private.sale, p_conversion affiliate_private.conversion) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_setting affiliate_private.project_setting := affiliate_private.levelled_setting(
    affiliate_private.setting_at((explain_rule.p_sale).project_id, (explain_rule.p_sale).counts_at),
    affiliate_private.level_at((explain_rule.p_sale).project_id, (explain_rule.p_conversion).affiliate_id, (explain_rule.p_sale).counts_at));
BEGIN
  RETURN CASE
    WHEN (explain_rule.p_conversion).value_override_minor IS NOT NULL THEN 'the owner set the commission of this conversion by hand'
    WHEN (explain_rule.p_conversion).affiliate_id IS NULL THEN 'nobody is credited'
    WHEN (explain_rule.p_conversion).type = 'signup' THEN 'sign-ups earn nothing unless a value is given'
    WHEN NOT affiliate_private.sale_pays(explain_rule.p_sale, v_setting, affiliate_private.payment_component(
           (explain_rule.p_sale).project_id, (explain_rule.p_sale).provider, ARRAY[(explain_rule.p_sale).sale_key]))
      THEN format('this sale earns nothing: commission_duration is %s%s, recurring_commission %s, upgrade_commission %s',
                  v_setting.commission_duration, ' (' || v_setting.commission_months || ' months)', v_setting.recurring_commission, v_setting.upgrade_commission)
    WHEN (explain_rule.p_conversion).rule_source = 'affiliate' THEN 'the affiliate''s own commission comes before all others'
    WHEN (explain_rule.p_conversion).rule_source = 'product' THEN 'the product has a commission of its own'
    WHEN (explain_rule.p_conversion).rule_source = 'mixed' THEN 'some of the products have a commission of their own, the others the default'
    WHEN (explain_rule.p_conversion).rule_source = 'level' THEN format('the affiliate''s level (%s) pays this instead of the project''s default',
      (SELECT l.name FROM affiliate_private.commission_level AS l
       WHERE l.project_id = (explain_rule.p_conversion).project_id AND l.level_id = (explain_rule.p_conversion).level_id))
    ELSE 'no narrower rule was in force, so the project''s default applies' END;
END
$$;
COMMENT ON FUNCTION affiliate_private.explain_rule(affiliate_private.sale, affiliate_private.conversion) IS 'Why a conversion has the commission rule it has, in words.';
