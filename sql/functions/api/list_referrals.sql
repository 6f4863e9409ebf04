CREATE OR REPLACE FUNCTION affiliate_api.list_referrals(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_limit    bigint := (list_referrals.p_args ->> 'limit')::bigint;
  v_offset   bigint := (list_referrals.p_args ->> 'offset')::bigint;
  v_affiliate_id bigint := (list_referrals.p_args ->> 'affiliate_id')::bigint;
  v_status   text   := list_referrals.p_args ->> 'status';
  v_total    bigint;
  v_data     json;
BEGIN
  SELECT count(*) INTO v_total FROM affiliate_private.referred_user AS r
  WHERE r.project_id = list_referrals.p_project_id AND r.deleted_at IS NULL
    AND (v_affiliate_id IS NULL OR r.affiliate_id = v_affiliate_id) AND (v_status IS NULL OR r.conversion_status = v_status);
  SELECT json_agg(affiliate_private.referral_details_json(p.r) ORDER BY (p.r).referred_user_id DESC) INTO v_data
  FROM (SELECT r FROM affiliate_private.referred_user AS r
        WHERE r.project_id = list_referrals.p_project_id AND r.deleted_at IS NULL
          AND (v_affiliate_id IS NULL OR r.affiliate_id = v_affiliate_id) AND (v_status IS NULL OR r.conversion_status = v_status)
        ORDER BY r.referred_user_id DESC LIMIT v_limit OFFSET v_offset) AS p;
  RETURN affiliate_private.page_json(v_data, v_limit, v_offset, v_total);
END
$$;
COMMENT ON FUNCTION affiliate_api.list_referrals(bigint, jsonb) IS 'GET /api/v1/referrals';

SELECT affiliate_private.declare_endpoint('list_referrals', $json${
  "method": "GET", "path": "/api/v1/referrals", "status": 200, "scope": "read", "tool": "list_referrals", "response": "ReferralDetails[]",
  "summary": "List referrals",
  "description": "List referred users, newest first. Filter by affiliate ID or conversion status (pending, converted, direct, direct_signup).",
  "parameters": {
    "limit":  {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 20, "description": "Number of referrals to return"},
    "offset": {"in": "query", "type": "integer", "minimum": 0, "default": 0, "description": "Number of referrals to skip"},
    "affiliate_id": {"in": "query", "type": "integer", "minimum": 1, "description": "Only referrals of this affiliate"},
    "status": {"in": "query", "type": "string", "enum": ["pending", "converted", "direct", "direct_signup"], "description": "Only referrals with this conversion status"}
  }
}$json$);
