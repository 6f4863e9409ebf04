CREATE OR REPLACE FUNCTION affiliate_api.export_payout_batch(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate.export_payout_batch(
    export_payout_batch.p_project_id, (export_payout_batch.p_args ->> 'id')::bigint, export_payout_batch.p_args ->> 'format',
    (export_payout_batch.p_args ->> 'part')::integer, (export_payout_batch.p_args ->> 'decimal_comma')::boolean));
END
$$;
COMMENT ON FUNCTION affiliate_api.export_payout_batch(bigint, jsonb) IS 'GET /api/v1/payout-batches/:id/export';

SELECT affiliate_private.declare_endpoint('export_payout_batch', $json${
  "method": "GET", "path": "/api/v1/payout-batches/:id/export", "status": 200, "scope": "read", "response": "PayoutFile",
  "summary": "Export a payout batch",
  "description": "Get a batch as a file to upload: paypal (mass payment), wise (batch by email), wise_saved (batch of recipients with a Wise id) and wise_iban (batch to bank accounts) hold what is still reserved and goes that way; csv holds every payout.",
  "parameters": {
    "id":     {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the batch"},
    "format": {"in": "query", "type": "string", "enum": ["paypal", "wise", "wise_saved", "wise_iban", "csv"], "default": "csv", "description": "Format of the file"},
    "part":   {"in": "query", "type": "integer", "minimum": 1, "maximum": 1000000, "default": 1, "description": "Which of its parts, where there are more payouts than the provider takes in one file"},
    "decimal_comma": {"in": "query", "type": "boolean", "default": false, "description": "Amounts with a comma, as PayPal wants them from senders in some countries (paypal only)"}
  }
}$json$);
