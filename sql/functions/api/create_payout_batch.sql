CREATE OR REPLACE FUNCTION affiliate_api.create_payout_batch(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate.create_payout_batch(
    create_payout_batch.p_project_id,
    CASE WHEN create_payout_batch.p_args ? 'affiliate_ids' THEN affiliate_private.id_array('affiliate_ids', create_payout_batch.p_args -> 'affiliate_ids') END,
    coalesce((create_payout_batch.p_args ->> 'requested_only')::boolean, false),
    create_payout_batch.p_args ->> 'reference', create_payout_batch.p_args ->> 'note'));
END
$$;
COMMENT ON FUNCTION affiliate_api.create_payout_batch(bigint, jsonb) IS 'POST /api/v1/payout-batches';

SELECT affiliate_private.declare_endpoint('create_payout_batch', $json${
  "method": "POST", "path": "/api/v1/payout-batches", "status": 201, "scope": "owner", "response": "PayoutBatch",
  "summary": "Create a payout batch",
  "description": "Reserve what is eligible for every affiliate who has a payout method and at least the project's minimum. Whole conversions are taken, and what refunds have taken back from ones paid before. Nothing is booked until a payout is confirmed. Give a reference to repeat the request safely: under the reference of a batch that is there you get that batch.",
  "parameters": {
    "affiliate_ids":  {"in": "body", "type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 9007199254740991}, "minItems": 1, "description": "Only these affiliates"},
    "requested_only": {"in": "body", "type": "boolean", "description": "Only affiliates with an approved payout request (default false)"},
    "reference":      {"in": "body", "type": "string", "maxLength": 64, "pattern": "^[^ =+@\\u0000-\\u001f\\u007f-][^\\u0000-\\u001f\\u007f]*$", "accepts": "at most 64 characters on one line that do not start with a space or one of = + - @", "description": "Your own name for this run, unique per project"},
    "note":           {"in": "body", "type": "string", "maxLength": 1000, "pattern": "^[^ =+@\\u0000-\\u001f\\u007f-][^\\u0000-\\u001f\\u007f]*$", "accepts": "at most 1000 characters on one line that do not start with a space or one of = + - @", "description": "For your own eyes"}
  }
}$json$);
