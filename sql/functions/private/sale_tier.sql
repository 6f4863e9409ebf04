CREATE OR REPLACE FUNCTION affiliate_private.parent_at(p_project_id bigint, p_affiliate_id bigint, p_at timestamptz) RETURNS affiliate_private.affiliate_parent
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.affiliate_parent;
BEGIN
  SELECT v.* INTO v_row FROM affiliate_private.affiliate_parent AS v
  WHERE v.project_id = parent_at.p_project_id AND v.affiliate_id = parent_at.p_affiliate_id AND v.effective_at <= parent_at.p_at
  ORDER BY v.effective_at DESC, v.version_id DESC LIMIT 1;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.parent_at(bigint, bigint, timestamptz) IS 'Under whom an affiliate was at a moment, all NULL where nothing was ever said.';

CREATE OR REPLACE FUNCTION affiliate_private.is_parent_since(p_project_id bigint, p_affiliate_id bigint, p_child_id bigint, p_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT coalesce((affiliate_private.parent_at(is_parent_since.p_project_id, is_parent_since.p_child_id, is_parent_since.p_at)).parent_affiliate_id
                  = is_parent_since.p_affiliate_id, false)
    OR EXISTS (
      SELECT FROM affiliate_private.affiliate_parent AS v
      WHERE v.project_id = is_parent_since.p_project_id AND v.affiliate_id = is_parent_since.p_child_id
        AND v.parent_affiliate_id = is_parent_since.p_affiliate_id AND v.effective_at > is_parent_since.p_at
        -- The last word of a moment counts.
        AND NOT EXISTS (SELECT FROM affiliate_private.affiliate_parent AS n
                        WHERE n.project_id = v.project_id AND n.affiliate_id = v.affiliate_id AND n.effective_at = v.effective_at AND n.version_id > v.version_id)
        -- Until somebody else is said to be the affiliate's own parent.
        AND v.effective_at < ALL (
          SELECT o.effective_at FROM affiliate_private.affiliate_parent AS o
          WHERE o.project_id = is_parent_since.p_project_id AND o.affiliate_id = is_parent_since.p_affiliate_id AND o.effective_at > is_parent_since.p_at))
$$;
COMMENT ON FUNCTION affiliate_private.is_parent_since(bigint, bigint, bigint, timestamptz) IS 'Whether an affiliate is the parent of another one at a moment or later, as long as a parent that the first would get then lasts.';

CREATE OR REPLACE FUNCTION affiliate_private.parent_since(p_parent affiliate_private.affiliate_parent) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_parent affiliate_private.affiliate_parent := parent_since.p_parent;
BEGIN
  -- Saying the same again begins nothing new.
  RETURN (
    SELECT min(v.effective_at) FROM affiliate_private.affiliate_parent AS v
    WHERE v.project_id = v_parent.project_id AND v.affiliate_id = v_parent.affiliate_id
      AND (v.effective_at, v.version_id) <= (v_parent.effective_at, v_parent.version_id)
      AND NOT EXISTS (
        SELECT FROM affiliate_private.affiliate_parent AS o
        WHERE o.project_id = v.project_id AND o.affiliate_id = v.affiliate_id AND o.parent_affiliate_id IS DISTINCT FROM v_parent.parent_affiliate_id
          AND (o.effective_at, o.version_id) BETWEEN (v.effective_at, v.version_id) AND (v_parent.effective_at, v_parent.version_id)));
END
$$;
COMMENT ON FUNCTION affiliate_private.parent_since(affiliate_private.affiliate_parent) IS 'Since when an affiliate has been under the parent that this version names, without a break.';

CREATE OR REPLACE FUNCTION affiliate_private.sale_tier(p_sale affiliate_private.sale, p_setting affiliate_private.project_setting, p_affiliate_id bigint, p_fx_ppb bigint,
                                                       OUT parent_affiliate_id bigint, OUT rate_ppm bigint, OUT fixed_minor bigint, OUT tier_minor bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_sale    affiliate_private.sale := sale_tier.p_sale;
  v_setting affiliate_private.project_setting := sale_tier.p_setting;
  v_parent  affiliate_private.affiliate_parent;
BEGIN
  rate_ppm    := 0;
  fixed_minor := 0;
  tier_minor  := 0;
  IF sale_tier.p_affiliate_id IS NULL OR v_setting.tier_rate_ppm = 0 AND v_setting.tier_fixed_minor = 0 THEN
    RETURN;
  END IF;
  v_parent := affiliate_private.parent_at(v_sale.project_id, sale_tier.p_affiliate_id, v_sale.counts_at);
  IF v_parent.parent_affiliate_id IS NULL
     -- Calendar months, in UTC so that no server's time zone matters.
     OR v_setting.tier_months IS NOT NULL AND v_sale.counts_at >= (
       affiliate_private.parent_since(v_parent) AT TIME ZONE 'UTC' + make_interval(months => v_setting.tier_months)) AT TIME ZONE 'UTC'
     OR NOT affiliate_private.may_earn(v_sale.project_id, v_parent.parent_affiliate_id, v_sale.customer_id, v_sale.counts_at, v_setting.allow_self_referral) THEN
    RETURN;
  END IF;
  parent_affiliate_id := v_parent.parent_affiliate_id;
  rate_ppm            := v_setting.tier_rate_ppm;
  fixed_minor         := v_setting.tier_fixed_minor;
  tier_minor := affiliate_kernel.sale_commission(v_sale.line_base_minor, array_fill(rate_ppm, ARRAY[cardinality(v_sale.line_base_minor)]),
    -- A fixed amount is per sale.
    fixed_minor || array_fill(0::bigint, ARRAY[cardinality(v_sale.line_base_minor) - 1]), sale_tier.p_fx_ppb);
END
$$;
COMMENT ON FUNCTION affiliate_private.sale_tier(affiliate_private.sale, affiliate_private.project_setting, bigint, bigint) IS 'What the parent of the credited affiliate (p_affiliate_id, NULL where nobody earns) earns on top of a sale, minor units of the project''s currency: a share of the base or a fixed amount, while the link is younger than tier_months.';
