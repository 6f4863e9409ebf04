CREATE OR REPLACE FUNCTION affiliate_api.cancel_payout_batch(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate.cancel_payout_batch(cancel_payout_batch.p_project_id, (cancel_payout_batch.p_args ->> 'id')::bigint, cancel_payout_batch.p_args ->> 'reason'));
END
$$;
COMMENT ON FUNCTION affiliate_api.cancel_payout_batch(bigint, jsonb) IS 'POST /api/v1/payout-batches/:id/cancel';

SELECT affiliate_private.declare_endpoint('cancel_payout_batch', $json${
  "method": "POST", "path": "/api/v1/payout-batches/:id/cancel", "status": 200, "scope": "owner", "response": "PayoutBatch",
  "summary": "Cancel a payout batch",
  "description": "Cancel every payout of a batch that is still reserved. Repeating it changes nothing.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the batch"},
    "reason": {"in": "body", "type": "string", "maxLength": 1000, "pattern": "^[^ =+@\\u0000-\\u001f\\u007f-][^\\u0000-\\u001f\\u007f]*$", "accepts": "at most 1000 characters on one line that do not start with a space or one of = + - @", "description": "Why it is canceled"}
  }
}$json$);
