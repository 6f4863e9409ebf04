CREATE OR REPLACE FUNCTION affiliate_api.create_coupon(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_row        affiliate_private.coupon;
  v_constraint text;
BEGIN
  PERFORM affiliate_private.lock_inputs(create_coupon.p_project_id, true);
  v_row.project_id := create_coupon.p_project_id;
  v_row := affiliate_private.fill_coupon(v_row, create_coupon.p_args);
  BEGIN
    INSERT INTO affiliate_private.coupon AS c
      (project_id, affiliate_id, coupon_code, coupon_code_key, stripe_coupon_id, stripe_coupon_key, lemonsqueezy_discount_code, lemonsqueezy_discount_key, status)
    VALUES (v_row.project_id, v_row.affiliate_id, v_row.coupon_code, v_row.coupon_code_key, v_row.stripe_coupon_id, v_row.stripe_coupon_key,
            v_row.lemonsqueezy_discount_code, v_row.lemonsqueezy_discount_key, v_row.status)
    RETURNING c.* INTO v_row;
  EXCEPTION WHEN unique_violation THEN
    GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME;
    PERFORM affiliate_private.raise_coupon_conflict(v_constraint);
  END;
  PERFORM affiliate_private.record_coupon_change(NULL, v_row);
  RETURN affiliate_private.data_json(affiliate_private.coupon_json(v_row));
END
$$;
COMMENT ON FUNCTION affiliate_api.create_coupon(bigint, jsonb) IS 'POST /api/v1/coupons';

SELECT affiliate_private.declare_endpoint('create_coupon', $json${
  "method": "POST", "path": "/api/v1/coupons", "status": 201, "scope": "write", "tool": "create_coupon", "response": "Coupon",
  "summary": "Create a coupon",
  "description": "Create a coupon linked to an affiliate. Sales with its code, or with its Stripe or LemonSqueezy counterpart, credit that affiliate.",
  "parameters": {
    "affiliate_id":     {"in": "body", "type": "integer", "minimum": 1, "required": true, "description": "ID of the affiliate the coupon belongs to"},
    "coupon_code":      {"in": "body", "type": "string", "pattern": "^[A-Za-z0-9_-]{3,255}$", "accepts": "3 to 255 letters, digits, hyphens or underscores", "required": true, "description": "Coupon code (at least 3 letters, digits, hyphens or underscores), unique per project whatever its case"},
    "stripe_coupon_id": {"in": "body", "type": "string", "maxLength": 255, "pattern": "^ *[!-~][ -~]*$", "accepts": "1 to 255 printable ASCII characters that are not all spaces", "nullable": true, "description": "Stripe coupon ID, promotion code ID, or the code customers type at Stripe"},
    "lemonsqueezy_discount_code": {"in": "body", "type": "string", "maxLength": 255, "pattern": "^ *[!-~][ -~]*$", "accepts": "1 to 255 printable ASCII characters that are not all spaces", "nullable": true, "description": "LemonSqueezy discount code"},
    "status":           {"in": "body", "type": "string", "enum": ["active", "inactive"], "default": "active", "description": "active or inactive; an inactive coupon credits nobody"}
  }
}$json$);
