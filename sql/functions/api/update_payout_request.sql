CREATE OR REPLACE FUNCTION affiliate_api.update_payout_request(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate.decide_payout_request(
    update_payout_request.p_project_id, (update_payout_request.p_args ->> 'id')::bigint,
    update_payout_request.p_args ->> 'status', update_payout_request.p_args ->> 'reason'));
END
$$;
COMMENT ON FUNCTION affiliate_api.update_payout_request(bigint, jsonb) IS 'PUT /api/v1/payout-requests/:id';

SELECT affiliate_private.declare_endpoint('update_payout_request', $json${
  "method": "PUT", "path": "/api/v1/payout-requests/:id", "status": 200, "scope": "write", "response": "PayoutRequest",
  "summary": "Decide a payout request",
  "description": "Approve or reject a request, or cancel it for its affiliate. An approved one is taken up by the next batch.",
  "parameters": {
    "id":     {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the request"},
    "status": {"in": "body", "type": "string", "enum": ["approved", "rejected", "canceled"], "required": true, "description": "What becomes of it"},
    "reason": {"in": "body", "type": "string", "maxLength": 1000, "pattern": "^[^ =+@\\u0000-\\u001f\\u007f-][^\\u0000-\\u001f\\u007f]*$", "accepts": "at most 1000 characters on one line that do not start with a space or one of = + - @", "description": "Why, for the affiliate to read"}
  }
}$json$);
