CREATE OR REPLACE FUNCTION affiliate_api.cancel_payout(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate.cancel_payout(cancel_payout.p_project_id, (cancel_payout.p_args ->> 'id')::bigint, cancel_payout.p_args ->> 'reason'));
END
$$;
COMMENT ON FUNCTION affiliate_api.cancel_payout(bigint, jsonb) IS 'POST /api/v1/payouts/:id/cancel';

SELECT affiliate_private.declare_endpoint('cancel_payout', $json${
  "method": "POST", "path": "/api/v1/payouts/:id/cancel", "status": 200, "scope": "owner", "response": "Payout",
  "summary": "Cancel a payout",
  "description": "Give up a reserved payout before it is sent. Repeating it changes nothing; a payout that was paid or failed is a 409.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the payout"},
    "reason": {"in": "body", "type": "string", "maxLength": 1000, "pattern": "^[^ =+@\\u0000-\\u001f\\u007f-][^\\u0000-\\u001f\\u007f]*$", "accepts": "at most 1000 characters on one line that do not start with a space or one of = + - @", "description": "Why it is canceled"}
  }
}$json$);
