CREATE OR REPLACE FUNCTION affiliate_api.fail_payout(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate.fail_payout(fail_payout.p_project_id, (fail_payout.p_args ->> 'id')::bigint, fail_payout.p_args ->> 'reason'));
END
$$;
COMMENT ON FUNCTION affiliate_api.fail_payout(bigint, jsonb) IS 'POST /api/v1/payouts/:id/fail';

SELECT affiliate_private.declare_endpoint('fail_payout', $json${
  "method": "POST", "path": "/api/v1/payouts/:id/fail", "status": 200, "scope": "owner", "response": "Payout",
  "summary": "Fail a payout",
  "description": "Say that a reserved payout did not go through: nothing is booked, and another batch can pay its money. Repeating it changes nothing; a payout that was paid or canceled is a 409.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the payout"},
    "reason": {"in": "body", "type": "string", "maxLength": 1000, "pattern": "^[^ =+@\\u0000-\\u001f\\u007f-][^\\u0000-\\u001f\\u007f]*$", "accepts": "at most 1000 characters on one line that do not start with a space or one of = + - @", "description": "Why it failed"}
  }
}$json$);
