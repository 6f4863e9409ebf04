CREATE OR REPLACE FUNCTION affiliate.set_affiliate_commission(p_project_id bigint, p_affiliate_id bigint, p_commission_percent text DEFAULT NULL,
                                                              p_commission_fixed text DEFAULT NULL, p_effective_at timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_rule record;
  v_at   timestamptz;
BEGIN
  PERFORM affiliate_private.lock_inputs(set_affiliate_commission.p_project_id, true);
  IF NOT EXISTS (SELECT FROM affiliate_private.affiliate AS a
                 WHERE a.project_id = set_affiliate_commission.p_project_id AND a.affiliate_id = set_affiliate_commission.p_affiliate_id AND a.deleted_at IS NULL) THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Affiliate not found';
  END IF;
  v_at   := coalesce(set_affiliate_commission.p_effective_at, clock_timestamp());
  v_rule := affiliate_private.parse_commission(set_affiliate_commission.p_commission_percent, set_affiliate_commission.p_commission_fixed,
                                               affiliate_private.project_currency(set_affiliate_commission.p_project_id));
  INSERT INTO affiliate_private.affiliate_rule (project_id, affiliate_id, effective_at, rate_ppm, fixed_minor)
  VALUES (set_affiliate_commission.p_project_id, set_affiliate_commission.p_affiliate_id, v_at, v_rule.rate_ppm, v_rule.fixed_minor);
  PERFORM affiliate_private.resettle_since(set_affiliate_commission.p_project_id, v_at);
END
$$;
COMMENT ON FUNCTION affiliate.set_affiliate_commission(bigint, bigint, text, text, timestamptz) IS 'An affiliate''s own commission (above product and project) from now or p_effective_at on: a percentage or a fixed amount per sale; neither ends it.';

CREATE OR REPLACE FUNCTION affiliate.set_product_commission(p_project_id bigint, p_provider text, p_product_key text, p_commission_percent text DEFAULT NULL,
                                                            p_commission_fixed text DEFAULT NULL, p_effective_at timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_rule record;
  v_at   timestamptz;
BEGIN
  PERFORM affiliate_private.lock_inputs(set_product_commission.p_project_id, true);
  PERFORM affiliate_private.check_project(set_product_commission.p_project_id);
  PERFORM affiliate_private.check_provider(set_product_commission.p_provider);
  v_at   := coalesce(set_product_commission.p_effective_at, clock_timestamp());
  v_rule := affiliate_private.parse_commission(set_product_commission.p_commission_percent, set_product_commission.p_commission_fixed,
                                               affiliate_private.project_currency(set_product_commission.p_project_id));
  INSERT INTO affiliate_private.product_rule (project_id, provider, product_key, effective_at, rate_ppm, fixed_minor)
  VALUES (set_product_commission.p_project_id, set_product_commission.p_provider, set_product_commission.p_product_key, v_at, v_rule.rate_ppm, v_rule.fixed_minor);
  PERFORM affiliate_private.resettle_since(set_product_commission.p_project_id, v_at);
END
$$;
COMMENT ON FUNCTION affiliate.set_product_commission(bigint, text, text, text, text, timestamptz) IS 'Commission of one product at one provider, per line item, from now or p_effective_at on; neither percentage nor fixed amount ends it.';
