CREATE OR REPLACE FUNCTION affiliate_api.confirm_payout(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate.confirm_payout(confirm_payout.p_project_id, (confirm_payout.p_args ->> 'id')::bigint, confirm_payout.p_args ->> 'transaction_id'));
END
$$;
COMMENT ON FUNCTION affiliate_api.confirm_payout(bigint, jsonb) IS 'POST /api/v1/payouts/:id/confirm';

SELECT affiliate_private.declare_endpoint('confirm_payout', $json${
  "method": "POST", "path": "/api/v1/payouts/:id/confirm", "status": 200, "scope": "owner", "response": "Payout",
  "summary": "Confirm a payout",
  "description": "Say that a reserved payout has reached its affiliate: it is booked, and its conversions are paid. Repeating it changes nothing; a payout that failed or was canceled is a 409.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the payout"},
    "transaction_id": {"in": "body", "type": "string", "maxLength": 128, "pattern": "^[^ =+@\\u0000-\\u001f\\u007f-][^\\u0000-\\u001f\\u007f]*$", "accepts": "at most 128 characters on one line that do not start with a space or one of = + - @", "description": "The payment provider's id of the transfer"}
  }
}$json$);
