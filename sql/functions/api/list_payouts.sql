CREATE OR REPLACE FUNCTION affiliate_api.list_payouts(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_limit  bigint := (list_payouts.p_args ->> 'limit')::bigint;
  v_offset bigint := (list_payouts.p_args ->> 'offset')::bigint;
  v_batch_id     bigint := (list_payouts.p_args ->> 'batch_id')::bigint;
  v_affiliate_id bigint := (list_payouts.p_args ->> 'affiliate_id')::bigint;
  v_status       text   := list_payouts.p_args ->> 'status';
  v_page   record;
BEGIN
  SELECT (SELECT count(*) FROM affiliate_private.payout AS o
          WHERE o.project_id = list_payouts.p_project_id AND (v_batch_id IS NULL OR o.batch_id = v_batch_id)
            AND (v_affiliate_id IS NULL OR o.affiliate_id = v_affiliate_id) AND (v_status IS NULL OR o.status = v_status)) AS total,
         (SELECT json_agg(affiliate_private.payout_json(o) ORDER BY o.payout_id DESC)
          FROM (SELECT o.* FROM affiliate_private.payout AS o
                WHERE o.project_id = list_payouts.p_project_id AND (v_batch_id IS NULL OR o.batch_id = v_batch_id)
            AND (v_affiliate_id IS NULL OR o.affiliate_id = v_affiliate_id) AND (v_status IS NULL OR o.status = v_status)
                ORDER BY o.payout_id DESC LIMIT v_limit OFFSET v_offset) AS o) AS data
  INTO v_page;
  RETURN affiliate_private.page_json(v_page.data, v_limit, v_offset, v_page.total);
END
$$;
COMMENT ON FUNCTION affiliate_api.list_payouts(bigint, jsonb) IS 'GET /api/v1/payouts';

SELECT affiliate_private.declare_endpoint('list_payouts', $json${
  "method": "GET", "path": "/api/v1/payouts", "status": 200, "scope": "read", "response": "Payout[]",
  "summary": "List payouts",
  "description": "List payouts, newest first, of one batch, affiliate or status where given.",
  "parameters": {
    "limit":  {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 50, "description": "Number of payouts to return"},
    "offset": {"in": "query", "type": "integer", "minimum": 0, "default": 0, "description": "Number of payouts to skip"},
    "batch_id":     {"in": "query", "type": "integer", "minimum": 1, "description": "Only payouts of this batch"},
    "affiliate_id": {"in": "query", "type": "integer", "minimum": 1, "description": "Only payouts of this affiliate"},
    "status":       {"in": "query", "type": "string", "enum": ["reserved", "paid", "failed", "canceled", "returned"], "description": "Only payouts with this status"}
  }
}$json$);
