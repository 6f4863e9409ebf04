CREATE OR REPLACE FUNCTION affiliate_api.list_affiliates(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT affiliate_private.page_json(
    (SELECT json_agg(affiliate_private.affiliate_stats_json(a, affiliate_private.project_currency(list_affiliates.p_project_id)) ORDER BY a.affiliate_id)
     FROM (SELECT a.* FROM affiliate_private.affiliate AS a
           WHERE a.project_id = list_affiliates.p_project_id AND a.deleted_at IS NULL
             AND (list_affiliates.p_args ->> 'status' IS NULL OR a.status = list_affiliates.p_args ->> 'status')
           ORDER BY a.affiliate_id
           LIMIT (list_affiliates.p_args ->> 'limit')::bigint OFFSET (list_affiliates.p_args ->> 'offset')::bigint) AS a),
    (list_affiliates.p_args ->> 'limit')::bigint, (list_affiliates.p_args ->> 'offset')::bigint,
    (SELECT count(*) FROM affiliate_private.affiliate AS a
     WHERE a.project_id = list_affiliates.p_project_id AND a.deleted_at IS NULL
       AND (list_affiliates.p_args ->> 'status' IS NULL OR a.status = list_affiliates.p_args ->> 'status')))
$$;
COMMENT ON FUNCTION affiliate_api.list_affiliates(bigint, jsonb) IS 'GET /api/v1/affiliates';

SELECT affiliate_private.declare_endpoint('list_affiliates', $json${
  "method": "GET", "path": "/api/v1/affiliates", "status": 200, "scope": "read", "tool": "list_affiliates", "response": "AffiliateStats[]",
  "summary": "List affiliates",
  "description": "List all affiliates with stats (clicks, signups, purchases, earnings). Supports filtering by status and pagination.",
  "parameters": {
    "limit":  {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 20, "description": "Number of affiliates to return"},
    "offset": {"in": "query", "type": "integer", "minimum": 0, "default": 0, "description": "Number of affiliates to skip"},
    "status": {"in": "query", "type": "string", "enum": ["active", "inactive"], "description": "Only affiliates with this status"}
  }
}$json$);
