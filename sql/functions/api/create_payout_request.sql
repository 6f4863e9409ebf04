CREATE OR REPLACE FUNCTION affiliate_api.create_payout_request(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate.request_payout(create_payout_request.p_project_id, create_payout_request.p_args ->> 'email'));
END
$$;
COMMENT ON FUNCTION affiliate_api.create_payout_request(bigint, jsonb) IS 'POST /api/v1/payout-requests';

SELECT affiliate_private.declare_endpoint('create_payout_request', $json${
  "method": "POST", "path": "/api/v1/payout-requests", "status": 201, "scope": "write", "response": "PayoutRequest",
  "summary": "Request a payout",
  "description": "Ask, for an affiliate, to be paid what is eligible. It needs a payout method and at least the project's minimum, and no other open request.",
  "parameters": {
    "email": {"in": "body", "type": "string", "format": "email", "required": true, "description": "Email address of the affiliate"}
  }
}$json$);
