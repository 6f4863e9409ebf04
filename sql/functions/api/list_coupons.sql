CREATE OR REPLACE FUNCTION affiliate_api.list_coupons(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_limit        bigint := (list_coupons.p_args ->> 'limit')::bigint;
  v_offset       bigint := (list_coupons.p_args ->> 'offset')::bigint;
  v_status       text   := list_coupons.p_args ->> 'status';
  v_affiliate_id bigint := (list_coupons.p_args ->> 'affiliate_id')::bigint;
  v_part         text   := affiliate_private.fold_key(list_coupons.p_args ->> 'coupon_code');
  v_page         record;
BEGIN
  WITH matching AS (
    SELECT c.coupon_id FROM affiliate_private.coupon AS c
    WHERE c.project_id = list_coupons.p_project_id AND c.deleted_at IS NULL
      AND (v_status IS NULL OR c.status = v_status) AND (v_affiliate_id IS NULL OR c.affiliate_id = v_affiliate_id)
      -- Part of the code as it stands: strpos knows no wildcards.
      AND (v_part IS NULL OR strpos(c.coupon_code_key, v_part) > 0)
  ), page AS (
    SELECT m.coupon_id FROM matching AS m ORDER BY m.coupon_id LIMIT v_limit OFFSET v_offset
  )
  SELECT (SELECT count(*) FROM matching) AS total,
         (SELECT json_agg(affiliate_private.coupon_json(c) ORDER BY p.coupon_id)
          FROM page AS p JOIN affiliate_private.coupon AS c ON c.project_id = list_coupons.p_project_id AND c.coupon_id = p.coupon_id) AS data
  INTO v_page;
  RETURN affiliate_private.page_json(v_page.data, v_limit, v_offset, v_page.total);
END
$$;
COMMENT ON FUNCTION affiliate_api.list_coupons(bigint, jsonb) IS 'GET /api/v1/coupons';

SELECT affiliate_private.declare_endpoint('list_coupons', $json${
  "method": "GET", "path": "/api/v1/coupons", "status": 200, "scope": "read", "tool": "list_coupons", "response": "Coupon[]",
  "summary": "List coupons",
  "description": "List coupons, oldest first, with filters for status, affiliate and part of the coupon code. Default limit: 50.",
  "parameters": {
    "limit":        {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 50, "description": "Number of coupons to return"},
    "offset":       {"in": "query", "type": "integer", "minimum": 0, "default": 0, "description": "Number of coupons to skip"},
    "status":       {"in": "query", "type": "string", "enum": ["active", "inactive"], "description": "Only coupons with this status"},
    "affiliate_id": {"in": "query", "type": "integer", "minimum": 1, "description": "Only coupons of this affiliate"},
    "coupon_code":  {"in": "query", "type": "string", "maxLength": 255, "description": "Only coupons whose code contains this, whatever its case"}
  }
}$json$);
