CREATE OR REPLACE FUNCTION affiliate_api.update_coupon(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_old        affiliate_private.coupon;
  v_new        affiliate_private.coupon;
  v_constraint text;
BEGIN
  IF NOT update_coupon.p_args ?| ARRAY['affiliate_id', 'coupon_code', 'stripe_coupon_id', 'lemonsqueezy_discount_code', 'status'] THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = 'No updatable field given: use affiliate_id, coupon_code, stripe_coupon_id, lemonsqueezy_discount_code or status';
  END IF;
  PERFORM affiliate_private.lock_inputs(update_coupon.p_project_id, true);
  v_old := affiliate_private.find_coupon(update_coupon.p_project_id, (update_coupon.p_args ->> 'id')::bigint);
  v_new := affiliate_private.fill_coupon(v_old, update_coupon.p_args);
  BEGIN
    UPDATE affiliate_private.coupon AS c
    SET affiliate_id = v_new.affiliate_id, coupon_code = v_new.coupon_code, coupon_code_key = v_new.coupon_code_key,
        stripe_coupon_id = v_new.stripe_coupon_id, stripe_coupon_key = v_new.stripe_coupon_key,
        lemonsqueezy_discount_code = v_new.lemonsqueezy_discount_code, lemonsqueezy_discount_key = v_new.lemonsqueezy_discount_key,
        status = v_new.status, updated_at = clock_timestamp()
    WHERE c.project_id = v_old.project_id AND c.coupon_id = v_old.coupon_id
    RETURNING c.* INTO v_new;
  EXCEPTION WHEN unique_violation THEN
    GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME;
    PERFORM affiliate_private.raise_coupon_conflict(v_constraint);
  END;
  PERFORM affiliate_private.record_coupon_change(v_old, v_new);
  RETURN affiliate_private.data_json(affiliate_private.coupon_json(v_new));
END
$$;
COMMENT ON FUNCTION affiliate_api.update_coupon(bigint, jsonb) IS 'PUT /api/v1/coupons/:id';

SELECT affiliate_private.declare_endpoint('update_coupon', $json${
  "method": "PUT", "path": "/api/v1/coupons/:id", "status": 200, "scope": "write", "tool": "update_coupon", "response": "Coupon",
  "summary": "Update a coupon",
  "description": "Update a coupon's affiliate, codes or status. Only the fields sent are changed; sales made before keep whom they credit.",
  "parameters": {
    "id":               {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the coupon"},
    "affiliate_id":     {"in": "body", "type": "integer", "minimum": 1, "description": "ID of the affiliate the coupon belongs to"},
    "coupon_code":      {"in": "body", "type": "string", "pattern": "^[A-Za-z0-9_-]{3,255}$", "accepts": "3 to 255 letters, digits, hyphens or underscores", "description": "New coupon code, unique per project whatever its case"},
    "stripe_coupon_id": {"in": "body", "type": "string", "maxLength": 255, "pattern": "^ *[!-~][ -~]*$", "accepts": "1 to 255 printable ASCII characters that are not all spaces", "nullable": true, "description": "Stripe coupon ID, promotion code ID, or the code customers type at Stripe; null removes it"},
    "lemonsqueezy_discount_code": {"in": "body", "type": "string", "maxLength": 255, "pattern": "^ *[!-~][ -~]*$", "accepts": "1 to 255 printable ASCII characters that are not all spaces", "nullable": true, "description": "LemonSqueezy discount code; null removes it"},
    "status":           {"in": "body", "type": "string", "enum": ["active", "inactive"], "description": "active or inactive; an inactive coupon credits nobody"}
  }
}$json$);
