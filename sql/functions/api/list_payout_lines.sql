CREATE OR REPLACE FUNCTION affiliate_api.list_payout_lines(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_limit  bigint := (list_payout_lines.p_args ->> 'limit')::bigint;
  v_offset bigint := (list_payout_lines.p_args ->> 'offset')::bigint;
  v_payout affiliate_private.payout := affiliate_private.find_payout(list_payout_lines.p_project_id, (list_payout_lines.p_args ->> 'id')::bigint);
  v_page   record;
BEGIN
  SELECT (SELECT count(*) FROM affiliate_private.payout_line AS l
          WHERE l.project_id = v_payout.project_id AND l.payout_id = v_payout.payout_id) AS total,
         (SELECT json_agg(affiliate_private.payout_line_json(l, v_payout.currency) ORDER BY l.conversion_id)
          FROM (SELECT l.* FROM affiliate_private.payout_line AS l
                WHERE l.project_id = v_payout.project_id AND l.payout_id = v_payout.payout_id
                ORDER BY l.conversion_id LIMIT v_limit OFFSET v_offset) AS l) AS data
  INTO v_page;
  RETURN affiliate_private.page_json(v_page.data, v_limit, v_offset, v_page.total);
END
$$;
COMMENT ON FUNCTION affiliate_api.list_payout_lines(bigint, jsonb) IS 'GET /api/v1/payouts/:id/lines';

SELECT affiliate_private.declare_endpoint('list_payout_lines', $json${
  "method": "GET", "path": "/api/v1/payouts/:id/lines", "status": 200, "scope": "read", "response": "PayoutLine[]",
  "summary": "List the conversions of a payout",
  "description": "List what a payout consists of: whole conversions, and what refunds have taken back from ones paid before.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the payout"},
    "limit":  {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 50, "description": "Number of conversions to return"},
    "offset": {"in": "query", "type": "integer", "minimum": 0, "default": 0, "description": "Number of conversions to skip"}
  }
}$json$);
