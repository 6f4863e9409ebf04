CREATE OR REPLACE FUNCTION affiliate_api.list_payout_requests(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_limit  bigint := (list_payout_requests.p_args ->> 'limit')::bigint;
  v_offset bigint := (list_payout_requests.p_args ->> 'offset')::bigint;
  v_affiliate_id bigint := (list_payout_requests.p_args ->> 'affiliate_id')::bigint;
  v_status       text   := list_payout_requests.p_args ->> 'status';
  v_page   record;
BEGIN
  SELECT (SELECT count(*) FROM affiliate_private.payout_request AS q
          WHERE q.project_id = list_payout_requests.p_project_id
            AND (v_affiliate_id IS NULL OR q.affiliate_id = v_affiliate_id) AND (v_status IS NULL OR q.status = v_status)) AS total,
         (SELECT json_agg(affiliate_private.payout_request_json(q) ORDER BY q.request_id DESC)
          FROM (SELECT q.* FROM affiliate_private.payout_request AS q
                WHERE q.project_id = list_payout_requests.p_project_id
            AND (v_affiliate_id IS NULL OR q.affiliate_id = v_affiliate_id) AND (v_status IS NULL OR q.status = v_status)
                ORDER BY q.request_id DESC LIMIT v_limit OFFSET v_offset) AS q) AS data
  INTO v_page;
  RETURN affiliate_private.page_json(v_page.data, v_limit, v_offset, v_page.total);
END
$$;
COMMENT ON FUNCTION affiliate_api.list_payout_requests(bigint, jsonb) IS 'GET /api/v1/payout-requests';

SELECT affiliate_private.declare_endpoint('list_payout_requests', $json${
  "method": "GET", "path": "/api/v1/payout-requests", "status": 200, "scope": "read", "response": "PayoutRequest[]",
  "summary": "List payout requests",
  "description": "List what affiliates have asked for, newest first.",
  "parameters": {
    "limit":  {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 50, "description": "Number of requests to return"},
    "offset": {"in": "query", "type": "integer", "minimum": 0, "default": 0, "description": "Number of requests to skip"},
    "affiliate_id": {"in": "query", "type": "integer", "minimum": 1, "description": "Only requests of this affiliate"},
    "status":       {"in": "query", "type": "string", "enum": ["pending", "approved", "processing", "paid", "failed", "rejected", "canceled"], "description": "Only requests with this status"}
  }
}$json$);
