-- The parts of affiliate.explain_conversion.

CREATE OR REPLACE FUNCTION affiliate_private.explain_evidence(p_sale affiliate_private.sale, p_conversion affiliate_private.conversion) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_sale    affiliate_private.sale            := explain_evidence.p_sale;
  v_row     affiliate_private.conversion      := explain_evidence.p_conversion;
  v_setting affiliate_private.project_setting := affiliate_private.setting_at(v_sale.project_id, v_sale.counts_at);
  v_scopes  text[] := affiliate_private.sale_scopes(v_sale, affiliate_private.payment_component(v_sale.project_id, v_sale.provider, ARRAY[v_sale.sale_key]));
  v_best    record := affiliate_private.choose_evidence(v_sale, v_setting, v_scopes);
  v_link    affiliate_private.referral_link := affiliate_private.link_at(v_sale);
  v_reserved boolean := affiliate_private.is_reserved(v_row);
BEGIN
  RETURN (
    SELECT coalesce(json_agg(row_to_json(x) ORDER BY x.priority NULLS LAST, x.observed_at DESC, x.code), '[]'::json) FROM (
      (SELECT e.source, e.namespace, e.code_key AS code, e.scope_key AS about, e.observed_at, nullif(e.effective_at, '-infinity') AS effective_at,
              n.owner_at, o.affiliate_id, a.email AS affiliate, CASE WHEN e.own THEN affiliate_private.source_priority(e.source, e.namespace) END AS priority,
              CASE WHEN e.evidence_id = v_row.evidence_id THEN CASE WHEN v_row.deleted_at IS NULL THEN 'wins' ELSE 'won, until the conversion was deleted' END
                   WHEN e.effective_at > v_sale.counts_at THEN 'only concerns later sales'
                   WHEN NOT e.own AND e.observed_at > v_sale.counts_at THEN 'a touch after the sale'
                   WHEN o.affiliate_id IS NULL THEN 'nobody owned this code when it was named'
                   WHEN w.why IS NOT NULL THEN w.why
                   WHEN v_row.deleted_at IS NOT NULL THEN 'the conversion has been deleted'
                   WHEN e.evidence_id = v_best.evidence_id AND v_row.paid THEN 'would win now, but the conversion has been paid'
                   WHEN e.evidence_id = v_best.evidence_id AND v_reserved THEN 'would win now, but the conversion is in a payout'
                   WHEN e.evidence_id = v_best.evidence_id THEN 'would win now, but nobody is credited (see the rule)'
                   WHEN e.own AND v_best.evidence_id = v_row.evidence_id THEN 'weaker than what wins'
                   WHEN e.own THEN 'weaker than what would win'
                   WHEN v_best.named_at IS NOT NULL THEN 'a touch; counts only where nothing is known of the sale itself'
                   WHEN e.observed_at <= v_link.effective_at OR v_setting.touch_model = 'first' AND v_link.effective_at IS NOT NULL
                     THEN 'a touch; what the owner said of this customer comes before it'
                   ELSE format('a touch; the touch model (%s) prefers another', v_setting.touch_model) END AS verdict
       FROM (
         SELECT k.*, v.own, min(coalesce(k.named_at, k.observed_at)) FILTER (WHERE v.own AND k.effective_at <= v_sale.counts_at)
                              OVER (PARTITION BY k.namespace, k.code_key) AS first_named_at
         FROM (SELECT b.* FROM affiliate_private.evidence AS b
               WHERE b.project_id = v_sale.project_id AND b.provider = v_sale.provider AND b.scope_key = ANY (v_scopes)
               UNION
               SELECT t.* FROM affiliate_private.evidence AS t WHERE t.project_id = v_sale.project_id AND t.customer_id = v_sale.customer_id) AS k
         CROSS JOIN LATERAL (SELECT k.provider = v_sale.provider AND k.scope_key = ANY (v_scopes) AS own) AS v
         ORDER BY k.evidence_id IS NOT DISTINCT FROM v_row.evidence_id DESC, k.evidence_id IS NOT DISTINCT FROM v_best.evidence_id DESC,
                  v.own DESC, k.observed_at DESC LIMIT 100) AS e
       -- As choose_evidence has it.
       CROSS JOIN LATERAL (SELECT least(coalesce(CASE WHEN e.own THEN e.first_named_at END, e.named_at, e.observed_at), v_sale.counts_at) AS owner_at) AS n
       CROSS JOIN LATERAL (SELECT affiliate_private.code_owner_at(e.project_id, e.namespace, e.code_key, n.owner_at) AS affiliate_id) AS o
       CROSS JOIN LATERAL (SELECT affiliate_private.why_not_earning(v_sale, o.affiliate_id, v_setting.allow_self_referral) AS why) AS w
       LEFT JOIN affiliate_private.affiliate AS a ON a.project_id = e.project_id AND a.affiliate_id = o.affiliate_id)
      UNION ALL
      (SELECT 'manual', NULL, NULL, 'the customer''s email', v_link.effective_at, NULL, NULL, v_link.affiliate_id, a.email, NULL,
              CASE WHEN v_row.attribution_source = 'manual' AND v_row.evidence_id IS NULL AND v_row.deleted_at IS NULL
                     THEN 'wins: what the owner said of who referred this customer'
                   WHEN v_link.affiliate_id IS NULL THEN 'the owner said that nobody referred this customer'
                   ELSE 'what the owner said of who referred this customer: ' || CASE
                     WHEN v_row.deleted_at IS NOT NULL THEN 'the conversion has been deleted'
                     WHEN w.why IS NOT NULL THEN w.why
                     WHEN v_best.source = 'manual' AND v_best.evidence_id IS NULL THEN 'would win now, but ' || CASE
                       WHEN v_row.paid THEN 'the conversion has been paid'
                       WHEN v_reserved THEN 'the conversion is in a payout'
                       ELSE 'nobody is credited (see the rule)' END
                     ELSE 'counts where nothing else does' END END
       FROM affiliate_private.customer AS c
       CROSS JOIN LATERAL (SELECT affiliate_private.why_not_earning(v_sale, v_link.affiliate_id, v_setting.allow_self_referral) AS why) AS w
       LEFT JOIN affiliate_private.affiliate AS a ON a.project_id = v_link.project_id AND a.affiliate_id = v_link.affiliate_id
       WHERE c.project_id = v_sale.project_id AND c.customer_id = v_sale.customer_id AND v_link.effective_at IS NOT NULL)) AS x);
END
$$;
COMMENT ON FUNCTION affiliate_private.explain_evidence(affiliate_private.sale, affiliate_private.conversion) IS 'The evidence considered for a sale (of very many the nearest hundred), each with whom it speaks for and what became of it, and what the owner had said.';

CREATE OR REPLACE FUNCTION affiliate_private.why_not_earning(p_sale affiliate_private.sale, p_affiliate_id bigint, p_allow_self boolean) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_sale affiliate_private.sale := why_not_earning.p_sale;
BEGIN
  IF affiliate_private.may_earn(v_sale.project_id, why_not_earning.p_affiliate_id, v_sale.customer_id, v_sale.counts_at, why_not_earning.p_allow_self) THEN
    RETURN NULL;
  ELSIF EXISTS (SELECT FROM affiliate_private.affiliate AS a
                WHERE a.project_id = v_sale.project_id AND a.affiliate_id = why_not_earning.p_affiliate_id AND a.deleted_at IS NOT NULL) THEN
    RETURN 'its affiliate has been deleted';
  ELSIF affiliate_private.affiliate_status_at(v_sale.project_id, why_not_earning.p_affiliate_id, v_sale.counts_at) IS DISTINCT FROM 'active' THEN
    RETURN 'its affiliate was inactive at the time of the sale';
  END IF;
  RETURN 'a self-referral';
END
$$;
COMMENT ON FUNCTION affiliate_private.why_not_earning(affiliate_private.sale, bigint, boolean) IS 'Why an affiliate cannot be credited with a sale (may_earn), in words; NULL where it can be.';

CREATE OR REPLACE FUNCTION affiliate_private.explain_lines(p_sale affiliate_private.sale, p_conversion affiliate_private.conversion, p_currency text) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT json_agg(row_to_json(x) ORDER BY x.line) FROM (
    SELECT l.n AS line, nullif((affiliate_private.sale_products(explain_lines.p_sale))[l.n], '') AS product,
           affiliate_private.money_number(l.base_minor, (explain_lines.p_conversion).currency) AS base, trim_scale(l.rate_ppm * 0.0001) AS percent,
           affiliate_private.money_number(l.fixed_minor, explain_lines.p_currency) AS fixed,
           affiliate_private.money_number(CASE WHEN (explain_lines.p_conversion).base_minor > 0 THEN
             affiliate_kernel.line_commission(l.base_minor, l.rate_ppm, l.fixed_minor, (explain_lines.p_conversion).fx_ppb) ELSE 0 END,
             explain_lines.p_currency) AS commission
    FROM unnest((explain_lines.p_conversion).line_base_minor, (explain_lines.p_conversion).line_rate_ppm, (explain_lines.p_conversion).line_fixed_minor)
           WITH ORDINALITY AS l (base_minor, rate_ppm, fixed_minor, n)) AS x
$$;
COMMENT ON FUNCTION affiliate_private.explain_lines(affiliate_private.sale, affiliate_private.conversion, text) IS 'The arithmetic of a conversion line by line: base x percent (x exchange rate) + fixed, rounded half away from zero; nothing where the sale comes to zero or less.';

CREATE OR REPLACE FUNCTION affiliate_private.explain_rule(p_sale affiliate_private.sale, p_conversion affiliate_private.conversion) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_sale    affiliate_private.sale       := explain_rule.p_sale;
  v_row     affiliate_private.conversion := explain_rule.p_conversion;
  v_setting affiliate_private.project_setting := affiliate_private.setting_at(v_sale.project_id, v_sale.counts_at);
  v_payment text[] := affiliate_private.payment_component(v_sale.project_id, v_sale.provider, ARRAY[v_sale.sale_key]);
  v_counted_as text := affiliate_private.counted_as(v_sale, v_payment);
BEGIN
  IF v_row.deleted_at IS NOT NULL THEN
    RETURN 'the conversion has been deleted, and what it had earned taken back';
  ELSIF v_counted_as IS NOT NULL THEN
    RETURN format('this is another name of a payment that counts as %s', v_counted_as);
  ELSIF v_row.affiliate_id IS NULL AND v_row.paid THEN
    RETURN 'nobody is credited, and the conversion is marked paid, so that nobody will be';
  ELSIF v_row.affiliate_id IS NULL THEN
    -- Who would be, where that fails on the rate alone.
    IF affiliate_private.fx_ppb_at(v_sale.project_id, v_row.currency, affiliate_private.project_currency(v_sale.project_id), v_sale.counts_at) IS NULL
       AND (affiliate_private.choose_evidence(v_sale, v_setting, affiliate_private.sale_scopes(v_sale, v_payment))).affiliate_id IS NOT NULL THEN
      RETURN format('nobody is credited until there is an exchange rate for %s', v_row.currency);
    END IF;
    RETURN 'nobody is credited';
  ELSIF v_row.value_override_minor IS NOT NULL THEN
    RETURN 'the owner set the commission of this conversion by hand';
  END IF;
  v_setting := affiliate_private.levelled_setting(v_setting, affiliate_private.level_at(v_sale.project_id, v_row.affiliate_id, v_sale.counts_at));
  RETURN CASE
    WHEN v_row.type = 'signup' THEN 'sign-ups earn nothing unless a value is given'
    WHEN v_row.base_minor <= 0 THEN 'a sale that comes to zero or less earns nothing'
    ELSE coalesce(CASE affiliate_private.why_unpaid(v_sale, v_setting, v_payment)
      WHEN 'first_purchase' THEN 'this sale earns nothing: commission_duration is first_purchase, and the customer had bought before'
      WHEN 'limited' THEN format('this sale earns nothing: commission_duration is limited, and the customer''s first purchase was %s months or more before',
                                 v_setting.commission_months)
      WHEN 'ended' THEN 'this sale earns nothing: it was paid after the end of its subscription'
      WHEN 'upgrade' THEN 'this sale earns nothing: it is an upgrade, and upgrade_commission is off'
      WHEN 'renewal' THEN 'this sale earns nothing: it is a renewal, and recurring_commission is off' END,
    CASE v_row.rule_source
      WHEN 'affiliate' THEN 'the affiliate''s own commission comes before all others'
      WHEN 'product' THEN 'the product has a commission of its own'
      WHEN 'mixed' THEN 'some of the products have a commission of their own, the others the default or that of the affiliate''s level'
      WHEN 'level' THEN format('the affiliate''s level (%s) pays this instead of the project''s default',
        (SELECT l.name FROM affiliate_private.commission_level AS l WHERE l.project_id = v_row.project_id AND l.level_id = v_row.level_id))
      ELSE 'no narrower rule was in force, so the project''s default applies' END) END;
END
$$;
COMMENT ON FUNCTION affiliate_private.explain_rule(affiliate_private.sale, affiliate_private.conversion) IS 'Why a conversion has the commission rule it has, in words.';
