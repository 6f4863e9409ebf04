CREATE OR REPLACE FUNCTION affiliate_api.list_left_out(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_limit  bigint := (list_left_out.p_args ->> 'limit')::bigint;
  v_offset bigint := (list_left_out.p_args ->> 'offset')::bigint;
  v_batch  affiliate_private.payout_batch := affiliate_private.find_payout_batch(list_left_out.p_project_id, (list_left_out.p_args ->> 'id')::bigint);
  v_page   record;
BEGIN
  SELECT (SELECT count(*) FROM affiliate_private.payout_left_out AS l
          WHERE l.project_id = v_batch.project_id AND l.batch_id = v_batch.batch_id) AS total,
         (SELECT json_agg(affiliate_private.left_out_json(l, v_batch.currency) ORDER BY l.affiliate_id)
          FROM (SELECT l.* FROM affiliate_private.payout_left_out AS l
                WHERE l.project_id = v_batch.project_id AND l.batch_id = v_batch.batch_id
                ORDER BY l.affiliate_id LIMIT v_limit OFFSET v_offset) AS l) AS data
  INTO v_page;
  RETURN affiliate_private.page_json(v_page.data, v_limit, v_offset, v_page.total);
END
$$;
COMMENT ON FUNCTION affiliate_api.list_left_out(bigint, jsonb) IS 'GET /api/v1/payout-batches/:id/left-out';

SELECT affiliate_private.declare_endpoint('list_left_out', $json${
  "method": "GET", "path": "/api/v1/payout-batches/:id/left-out", "status": 200, "scope": "read", "response": "LeftOut[]",
  "summary": "List whom a batch left out",
  "description": "List the affiliates that had money but were not paid by a batch, and why.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the batch"},
    "limit":  {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 50, "description": "Number of affiliates to return"},
    "offset": {"in": "query", "type": "integer", "minimum": 0, "default": 0, "description": "Number of affiliates to skip"}
  }
}$json$);
