CREATE OR REPLACE FUNCTION affiliate_api.list_payout_batches(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_limit  bigint := (list_payout_batches.p_args ->> 'limit')::bigint;
  v_offset bigint := (list_payout_batches.p_args ->> 'offset')::bigint;
  v_page   record;
BEGIN
  SELECT (SELECT count(*) FROM affiliate_private.payout_batch AS b
          WHERE b.project_id = list_payout_batches.p_project_id) AS total,
         (SELECT json_agg(affiliate_private.payout_batch_json(b) ORDER BY b.batch_id DESC)
          FROM (SELECT b.* FROM affiliate_private.payout_batch AS b
                WHERE b.project_id = list_payout_batches.p_project_id
                ORDER BY b.batch_id DESC LIMIT v_limit OFFSET v_offset) AS b) AS data
  INTO v_page;
  RETURN affiliate_private.page_json(v_page.data, v_limit, v_offset, v_page.total);
END
$$;
COMMENT ON FUNCTION affiliate_api.list_payout_batches(bigint, jsonb) IS 'GET /api/v1/payout-batches';

SELECT affiliate_private.declare_endpoint('list_payout_batches', $json${
  "method": "GET", "path": "/api/v1/payout-batches", "status": 200, "scope": "read", "response": "PayoutBatch[]",
  "summary": "List payout batches",
  "description": "List the payout runs, newest first.",
  "parameters": {
    "limit":  {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 50, "description": "Number of batches to return"},
    "offset": {"in": "query", "type": "integer", "minimum": 0, "default": 0, "description": "Number of batches to skip"}
  }
}$json$);
