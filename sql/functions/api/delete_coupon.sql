CREATE OR REPLACE FUNCTION affiliate_api.delete_coupon(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM affiliate_private.lock_inputs(delete_coupon.p_project_id, true);
  PERFORM affiliate_private.delete_coupon(affiliate_private.find_coupon(delete_coupon.p_project_id, (delete_coupon.p_args ->> 'id')::bigint));
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affiliate_api.delete_coupon(bigint, jsonb) IS 'DELETE /api/v1/coupons/:id';

SELECT affiliate_private.declare_endpoint('delete_coupon', $json${
  "method": "DELETE", "path": "/api/v1/coupons/:id", "status": 204, "scope": "write", "tool": "delete_coupon",
  "summary": "Delete a coupon",
  "description": "Delete a coupon. Its codes can be used again; sales made before keep whom they credit.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the coupon"}
  }
}$json$);
