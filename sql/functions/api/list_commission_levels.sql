CREATE OR REPLACE FUNCTION affiliate_api.list_commission_levels(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_limit    bigint := (list_commission_levels.p_args ->> 'limit')::bigint;
  v_offset   bigint := (list_commission_levels.p_args ->> 'offset')::bigint;
  v_currency text   := affiliate_private.project_currency(list_commission_levels.p_project_id);
  v_page     record;
BEGIN
  WITH matching AS (
    SELECT l AS level, l.position FROM affiliate_private.commission_level AS l WHERE l.project_id = list_commission_levels.p_project_id AND l.deleted_at IS NULL
  ), page AS (
    SELECT m.* FROM matching AS m ORDER BY m.position LIMIT v_limit OFFSET v_offset
  )
  SELECT (SELECT count(*) FROM matching) AS total,
         (SELECT json_agg(affiliate_private.level_json(p.level, v_currency) ORDER BY p.position) FROM page AS p) AS data
  INTO v_page;
  RETURN affiliate_private.page_json(v_page.data, v_limit, v_offset, v_page.total);
END
$$;
COMMENT ON FUNCTION affiliate_api.list_commission_levels(bigint, jsonb) IS 'GET /api/v1/commission-levels';

SELECT affiliate_private.declare_endpoint('list_commission_levels', $json${
  "method": "GET", "path": "/api/v1/commission-levels", "status": 200, "scope": "read", "response": "CommissionLevel[]",
  "summary": "List commission levels",
  "description": "List the levels of the program, the lowest first.",
  "parameters": {
    "limit":  {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 50, "description": "Number of levels to return"},
    "offset": {"in": "query", "type": "integer", "minimum": 0, "default": 0, "description": "Number of levels to skip"}
  }
}$json$);
