CREATE OR REPLACE FUNCTION affiliate_api.get_coupon(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT affiliate_private.data_json(affiliate_private.coupon_json(
    affiliate_private.find_coupon(get_coupon.p_project_id, (get_coupon.p_args ->> 'id')::bigint)))
$$;
COMMENT ON FUNCTION affiliate_api.get_coupon(bigint, jsonb) IS 'GET /api/v1/coupons/:id';

SELECT affiliate_private.declare_endpoint('get_coupon', $json${
  "method": "GET", "path": "/api/v1/coupons/:id", "status": 200, "scope": "read", "tool": "get_coupon", "response": "Coupon",
  "summary": "Retrieve a coupon",
  "description": "Get a coupon by its ID.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the coupon"}
  }
}$json$);
