CREATE OR REPLACE FUNCTION affiliate_api.return_payout(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate.return_payout(return_payout.p_project_id, (return_payout.p_args ->> 'id')::bigint, return_payout.p_args ->> 'reason'));
END
$$;
COMMENT ON FUNCTION affiliate_api.return_payout(bigint, jsonb) IS 'POST /api/v1/payouts/:id/return';

SELECT affiliate_private.declare_endpoint('return_payout', $json${
  "method": "POST", "path": "/api/v1/payouts/:id/return", "status": 200, "scope": "owner", "response": "Payout",
  "summary": "Return a payout",
  "description": "Say that a confirmed payout came back: it is booked back line by line, its conversions are unpaid again, and another batch can pay its money. Repeating it changes nothing; a payout that was never confirmed is a 409.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the payout"},
    "reason": {"in": "body", "type": "string", "maxLength": 1000, "pattern": "^[^ =+@\\u0000-\\u001f\\u007f-][^\\u0000-\\u001f\\u007f]*$", "accepts": "at most 1000 characters on one line that do not start with a space or one of = + - @", "description": "Why it came back"}
  }
}$json$);
