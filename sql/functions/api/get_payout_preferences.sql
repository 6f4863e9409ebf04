CREATE OR REPLACE FUNCTION affiliate_api.get_payout_preferences(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate_private.payout_preference_json(
    affiliate_private.find_affiliate(get_payout_preferences.p_project_id, get_payout_preferences.p_args ->> 'email')));
END
$$;
COMMENT ON FUNCTION affiliate_api.get_payout_preferences(bigint, jsonb) IS 'GET /api/v1/affiliates/:email/payout-preferences';

SELECT affiliate_private.declare_endpoint('get_payout_preferences', $json${
  "method": "GET", "path": "/api/v1/affiliates/:email/payout-preferences", "status": 200, "scope": "read", "response": "PayoutPreferences",
  "summary": "Retrieve an affiliate's payout preferences",
  "description": "Get how an affiliate wants to be paid.",
  "parameters": {
    "email": {"in": "path", "type": "string", "format": "email", "required": true, "description": "Email address of the affiliate"}
  }
}$json$);
