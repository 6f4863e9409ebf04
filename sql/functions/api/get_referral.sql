CREATE OR REPLACE FUNCTION affiliate_api.get_referral(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT affiliate_private.data_json(affiliate_private.referral_details_json(
    affiliate_private.find_referral(get_referral.p_project_id, get_referral.p_args ->> 'email')))
$$;
COMMENT ON FUNCTION affiliate_api.get_referral(bigint, jsonb) IS 'GET /api/v1/referrals/:email';

SELECT affiliate_private.declare_endpoint('get_referral', $json${
  "method": "GET", "path": "/api/v1/referrals/:email", "status": 200, "scope": "read", "tool": "get_referral_details", "response": "ReferralDetails",
  "summary": "Retrieve a referral",
  "description": "Get details for a specific referred user by email.",
  "parameters": {
    "email": {"in": "path", "type": "string", "format": "email", "required": true, "description": "Email address of the referred user"}
  }
}$json$);
