CREATE OR REPLACE FUNCTION affiliate_private.line_rules(p_sale affiliate_private.sale, p_setting affiliate_private.project_setting, p_affiliate_id bigint, p_default_source text, p_pays boolean,
                                                        OUT rule_source text, OUT line_rate_ppm bigint[], OUT line_fixed_minor bigint[])
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_sale          affiliate_private.sale := line_rules.p_sale;
  v_override      bigint[];
  v_default       bigint[];
  v_product_rule  bigint[];
  v_rule          bigint[];
  v_source        text;
  v_product       text;
  v_fixed_booked  boolean := false;
  v_earning       boolean := line_rules.p_affiliate_id IS NOT NULL AND line_rules.p_pays;
BEGIN
  IF v_earning THEN
    v_override := affiliate_private.affiliate_rule_at(v_sale.project_id, line_rules.p_affiliate_id, v_sale.counts_at);
    v_default  := ARRAY[(line_rules.p_setting).rate_ppm, (line_rules.p_setting).fixed_minor];
  END IF;
  FOR v_n IN 1 .. cardinality(v_sale.line_product) LOOP
    v_product      := v_sale.line_product[v_n];
    v_product_rule := CASE WHEN v_earning AND v_product <> '' THEN
      affiliate_private.product_rule_at(v_sale.project_id, v_sale.provider, v_product, v_sale.counts_at) END;
    v_rule := CASE WHEN v_earning THEN affiliate_private.choose_rule(v_override, v_product_rule, v_default) END;
    v_source := coalesce((ARRAY['affiliate', 'product', line_rules.p_default_source])[v_rule[1]], 'none');
    rule_source := CASE WHEN rule_source IS NULL OR rule_source = v_source THEN v_source ELSE 'mixed' END;
    line_rate_ppm := line_rate_ppm || coalesce(v_rule[2], 0);
    -- A fixed amount of the affiliate, its level or the project is per sale: it stands on the first line it covers. A product's is per line
    -- that takes money: the part of an old plan that an upgrade gives back sells nothing.
    IF (v_source = 'product' AND v_sale.line_base_minor[v_n] > 0) OR (v_source <> 'product' AND NOT v_fixed_booked) THEN
      line_fixed_minor := line_fixed_minor || coalesce(v_rule[3], 0);
    ELSE
      line_fixed_minor := line_fixed_minor || 0::bigint;
    END IF;
    v_fixed_booked := v_fixed_booked OR v_source IN ('affiliate', line_rules.p_default_source);
  END LOOP;
END
$$;
COMMENT ON FUNCTION affiliate_private.line_rules(affiliate_private.sale, affiliate_private.project_setting, bigint, text, boolean) IS 'The commission rule of every line item of a sale (affiliate override, then product, then the default of p_default_source, the affiliate''s level or the project); zeros where nobody is credited or the sale does not pay (why_unpaid, sign-ups).';
