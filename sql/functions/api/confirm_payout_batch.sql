CREATE OR REPLACE FUNCTION affiliate_api.confirm_payout_batch(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate.confirm_payout_batch(confirm_payout_batch.p_project_id, (confirm_payout_batch.p_args ->> 'id')::bigint));
END
$$;
COMMENT ON FUNCTION affiliate_api.confirm_payout_batch(bigint, jsonb) IS 'POST /api/v1/payout-batches/:id/confirm';

SELECT affiliate_private.declare_endpoint('confirm_payout_batch', $json${
  "method": "POST", "path": "/api/v1/payout-batches/:id/confirm", "status": 200, "scope": "owner", "response": "PayoutBatch",
  "summary": "Confirm a payout batch",
  "description": "Confirm every payout of a batch that is still reserved; mark the failed ones first. Repeating it changes nothing.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the batch"}
  }
}$json$);
