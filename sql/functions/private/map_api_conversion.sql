CREATE OR REPLACE FUNCTION affiliate_private.map_api_conversion(p_project_id bigint, p_sale_key text, p_args jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_args      jsonb := map_api_conversion.p_args;
  v_currency  text  := affiliate_private.project_currency(map_api_conversion.p_project_id);
  v_base_currency text := CASE WHEN v_args ? 'base_value_currency' THEN affiliate_private.check_currency(v_args ->> 'base_value_currency') ELSE v_currency END;
  v_type      text  := coalesce(v_args ->> 'type', CASE WHEN v_args ? 'base_value' THEN 'purchase' END);
  v_affiliate_id bigint;
  v_base      bigint;
BEGIN
  IF v_type IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'type is required: "signup" or "purchase"';
  END IF;
  IF v_type = 'purchase' AND NOT v_args ?| ARRAY['base_value', 'value'] THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'base_value is required for a purchase, unless value is given';
  END IF;
  v_base := coalesce(affiliate_private.parse_money('base_value', v_args ->> 'base_value', v_base_currency), 0);
  v_affiliate_id := affiliate_private.api_affiliate(map_api_conversion.p_project_id, v_args);
  RETURN jsonb_build_object(
    'email', affiliate_private.api_email(map_api_conversion.p_project_id, v_args),
    'sale', jsonb_build_object(
      'key', map_api_conversion.p_sale_key, 'type', v_type, 'currency', v_base_currency, 'gross_minor', v_base,
      'lines', jsonb_build_array(jsonb_build_object('base_minor', v_base)),
      'edit', jsonb_strip_nulls(jsonb_build_object(
        'value_minor', affiliate_private.parse_money('value', v_args ->> 'value', v_currency),
        'reference', v_args ->> 'reference', 'coupon_code_used', v_args ->> 'coupon_code_used'))),
    -- Whom the request names is the owner's word; a coupon speaks only where it names nobody.
    'evidence', CASE WHEN v_affiliate_id IS NOT NULL THEN jsonb_build_array(jsonb_build_object('source', 'manual', 'namespace', 'affiliate', 'code', v_affiliate_id::text))
                     WHEN v_args ? 'coupon_code_used' THEN jsonb_build_array(jsonb_build_object('source', 'coupon', 'namespace', 'coupon', 'code', v_args ->> 'coupon_code_used'))
                     ELSE '[]'::jsonb END);
END
$$;
COMMENT ON FUNCTION affiliate_private.map_api_conversion(bigint, text, jsonb) IS 'The fact that a POST /api/v1/conversions states; RF400 for contradictory fields, RF404 for an unknown affiliate or referred user.';

CREATE OR REPLACE FUNCTION affiliate_private.api_affiliate(p_project_id bigint, p_args jsonb) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_affiliate_id bigint := (api_affiliate.p_args ->> 'affiliate_id')::bigint;
  v_by_code      boolean := v_affiliate_id IS NULL AND api_affiliate.p_args ? 'referral_code';
  v_status       text;
BEGIN
  IF v_by_code THEN
    v_affiliate_id := affiliate_private.code_owner_at(api_affiliate.p_project_id, 'referral',
                                                      affiliate_private.fold_key(api_affiliate.p_args ->> 'referral_code'), clock_timestamp());
  ELSIF v_affiliate_id IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT a.status INTO v_status FROM affiliate_private.affiliate AS a
  WHERE a.project_id = api_affiliate.p_project_id AND a.affiliate_id = v_affiliate_id AND a.deleted_at IS NULL;
  IF v_by_code AND v_status IS DISTINCT FROM 'active' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'No active affiliate has this referral code';
  ELSIF v_status IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Affiliate not found';
  ELSIF v_status <> 'active' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = format('Affiliate %s is inactive and earns nothing new', v_affiliate_id);
  END IF;
  RETURN v_affiliate_id;
END
$$;
COMMENT ON FUNCTION affiliate_private.api_affiliate(bigint, jsonb) IS 'The active affiliate that affiliate_id, else referral_code, of a request names, NULL where neither is given; RF404 for an unknown one, RF409 for an inactive one.';

CREATE OR REPLACE FUNCTION affiliate_private.api_email(p_project_id bigint, p_args jsonb) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_email text;
BEGIN
  IF NOT api_email.p_args ? 'referred_user_id' THEN
    RETURN CASE WHEN api_email.p_args ? 'email' THEN affiliate_private.check_email('email', api_email.p_args ->> 'email') END;
  END IF;
  SELECT r.email INTO v_email FROM affiliate_private.referred_user AS r
  WHERE r.project_id = api_email.p_project_id AND r.referred_user_id = (api_email.p_args ->> 'referred_user_id')::bigint AND r.deleted_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Referred user not found';
  ELSIF affiliate_private.fold_key(v_email) <> affiliate_private.fold_key(api_email.p_args ->> 'email') THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'email is not that of referred_user_id: give one of them, or both of the same person';
  END IF;
  RETURN v_email;
END
$$;
COMMENT ON FUNCTION affiliate_private.api_email(bigint, jsonb) IS 'The customer''s email that referred_user_id or email of a request names, NULL where neither is given; RF404 for an unknown referred user, RF409 where they contradict each other.';

CREATE OR REPLACE FUNCTION affiliate_private.api_sale_conversion(p_project_id bigint, p_sale_key text) RETURNS affiliate_private.conversion
LANGUAGE sql VOLATILE AS $$
  SELECT c.* FROM affiliate_private.sale AS s
  JOIN affiliate_private.conversion AS c ON c.project_id = s.project_id AND c.sale_id = s.sale_id
  WHERE s.project_id = api_sale_conversion.p_project_id AND s.provider = 'api' AND s.sale_key = api_sale_conversion.p_sale_key
$$;
COMMENT ON FUNCTION affiliate_private.api_sale_conversion(bigint, text) IS 'The conversion of a sale that the API has recorded in this transaction.';
