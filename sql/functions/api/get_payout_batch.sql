CREATE OR REPLACE FUNCTION affiliate_api.get_payout_batch(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate_private.payout_batch_json(affiliate_private.find_payout_batch(get_payout_batch.p_project_id, (get_payout_batch.p_args ->> 'id')::bigint)));
END
$$;
COMMENT ON FUNCTION affiliate_api.get_payout_batch(bigint, jsonb) IS 'GET /api/v1/payout-batches/:id';

SELECT affiliate_private.declare_endpoint('get_payout_batch', $json${
  "method": "GET", "path": "/api/v1/payout-batches/:id", "status": 200, "scope": "read", "response": "PayoutBatch",
  "summary": "Retrieve a payout batch",
  "description": "Get a batch with how many payouts, and how much, are in each status.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the batch"}
  }
}$json$);
