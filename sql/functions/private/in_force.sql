-- Lookups of effective-dated rows: the version in force at a moment; before the first version, the first. The two optional
-- rules (affiliate, product) start as "none", so before their first version there is none: a new rule never rewrites old sales.
-- PL/pgSQL keeps their plans, which costs less than planning them with every event.

CREATE OR REPLACE FUNCTION affiliate_private.setting_at(p_project_id bigint, p_at timestamptz) RETURNS affiliate_private.project_setting
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.project_setting;
BEGIN
  SELECT s.* INTO v_row FROM affiliate_private.project_setting AS s
  WHERE s.project_id = setting_at.p_project_id AND s.effective_at <= setting_at.p_at
  ORDER BY s.effective_at DESC, s.version_id DESC LIMIT 1;
  IF NOT FOUND THEN
    SELECT s.* INTO v_row FROM affiliate_private.project_setting AS s
    WHERE s.project_id = setting_at.p_project_id
    ORDER BY s.effective_at, s.version_id DESC LIMIT 1;
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.setting_at(bigint, timestamptz) IS 'Project settings in force at a moment.';

CREATE OR REPLACE FUNCTION affiliate_private.code_owner_at(p_project_id bigint, p_namespace text, p_code_key text, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_affiliate_id bigint;
BEGIN
  IF code_owner_at.p_namespace = 'affiliate' THEN
    RETURN code_owner_at.p_code_key::bigint;  -- Named by id, as the API does.
  END IF;
  IF code_owner_at.p_namespace LIKE '%:discount' THEN
    RETURN (SELECT affiliate_private.code_owner_at(d.project_id, 'coupon', d.code_key, code_owner_at.p_at)
            FROM affiliate_private.discount AS d
            WHERE d.project_id = code_owner_at.p_project_id AND d.provider = split_part(code_owner_at.p_namespace, ':', 1)
              AND d.discount_key = code_owner_at.p_code_key);
  END IF;
  SELECT v.affiliate_id INTO v_affiliate_id
  FROM affiliate_private.attribution_code AS v
  WHERE v.project_id = code_owner_at.p_project_id AND v.namespace = code_owner_at.p_namespace AND v.code_key = code_owner_at.p_code_key
  ORDER BY v.effective_at <= code_owner_at.p_at DESC,
           CASE WHEN v.effective_at <= code_owner_at.p_at THEN v.effective_at END DESC, v.effective_at, v.version_id DESC
  LIMIT 1;
  RETURN v_affiliate_id;
END
$$;
COMMENT ON FUNCTION affiliate_private.code_owner_at(bigint, text, text, timestamptz) IS 'The affiliate a code belonged to at a moment, NULL for nobody.';

CREATE OR REPLACE FUNCTION affiliate_private.affiliate_status_at(p_project_id bigint, p_affiliate_id bigint, p_at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_status text;
BEGIN
  SELECT v.status INTO v_status
  FROM affiliate_private.affiliate_status AS v
  WHERE v.project_id = affiliate_status_at.p_project_id AND v.affiliate_id = affiliate_status_at.p_affiliate_id
  ORDER BY v.effective_at <= affiliate_status_at.p_at DESC,
           CASE WHEN v.effective_at <= affiliate_status_at.p_at THEN v.effective_at END DESC, v.effective_at, v.version_id DESC
  LIMIT 1;
  RETURN v_status;
END
$$;
COMMENT ON FUNCTION affiliate_private.affiliate_status_at(bigint, bigint, timestamptz) IS 'active or inactive at a moment.';

CREATE OR REPLACE FUNCTION affiliate_private.affiliate_rule_at(p_project_id bigint, p_affiliate_id bigint, p_at timestamptz) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_rule bigint[];
BEGIN
  SELECT CASE WHEN v.rate_ppm IS NOT NULL THEN ARRAY[v.rate_ppm, v.fixed_minor] END INTO v_rule
  FROM affiliate_private.affiliate_rule AS v
  WHERE v.project_id = affiliate_rule_at.p_project_id AND v.affiliate_id = affiliate_rule_at.p_affiliate_id
    AND v.effective_at <= affiliate_rule_at.p_at
  ORDER BY v.effective_at DESC, v.version_id DESC
  LIMIT 1;
  RETURN v_rule;
END
$$;
COMMENT ON FUNCTION affiliate_private.affiliate_rule_at(bigint, bigint, timestamptz) IS 'The affiliate''s own commission {rate_ppm, fixed_minor} at a moment, NULL for none.';

CREATE OR REPLACE FUNCTION affiliate_private.product_rule_at(p_project_id bigint, p_provider text, p_product_key text, p_at timestamptz) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_rule bigint[];
BEGIN
  SELECT CASE WHEN v.rate_ppm IS NOT NULL THEN ARRAY[v.rate_ppm, v.fixed_minor] END INTO v_rule
  FROM affiliate_private.product_rule AS v
  WHERE v.project_id = product_rule_at.p_project_id AND v.provider = product_rule_at.p_provider AND v.product_key = product_rule_at.p_product_key
    AND v.effective_at <= product_rule_at.p_at
  ORDER BY v.effective_at DESC, v.version_id DESC
  LIMIT 1;
  RETURN v_rule;
END
$$;
COMMENT ON FUNCTION affiliate_private.product_rule_at(bigint, text, text, timestamptz) IS 'The product''s commission {rate_ppm, fixed_minor} at a moment, NULL for none.';

CREATE OR REPLACE FUNCTION affiliate_private.fx_ppb_at(p_project_id bigint, p_from text, p_to text, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_rate_ppb bigint;
BEGIN
  IF fx_ppb_at.p_from = fx_ppb_at.p_to THEN
    RETURN 1000000000;
  END IF;
  SELECT v.rate_ppb INTO v_rate_ppb
  FROM affiliate_private.exchange_rate AS v
  WHERE v.project_id = fx_ppb_at.p_project_id AND v.currency = fx_ppb_at.p_from
  ORDER BY v.effective_at <= fx_ppb_at.p_at DESC,
           CASE WHEN v.effective_at <= fx_ppb_at.p_at THEN v.effective_at END DESC, v.effective_at, v.version_id DESC
  LIMIT 1;
  RETURN round(v_rate_ppb * 10::numeric ^ (affiliate_private.currency_exponent(fx_ppb_at.p_to)
                                           - affiliate_private.currency_exponent(fx_ppb_at.p_from)));
END
$$;
COMMENT ON FUNCTION affiliate_private.fx_ppb_at(bigint, text, text, timestamptz) IS 'Minor units of p_to for one minor unit of p_from in parts per billion, rounded half away from zero; NULL when no rate is known.';

CREATE OR REPLACE FUNCTION affiliate_private.raise_no_rate(p_from text, p_to text) RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'RF422',
    MESSAGE = format('no exchange rate from %s to %s: set one with POST /api/v1/exchange-rates or affiliate.set_exchange_rate', raise_no_rate.p_from, raise_no_rate.p_to);
END
$$;
COMMENT ON FUNCTION affiliate_private.raise_no_rate(text, text) IS 'RF422 saying which exchange rate is missing and how to set it.';
