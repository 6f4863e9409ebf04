-- What endpoints about coupons answer, for the OpenAPI document; affiliate_private.coupon_json builds it.

SELECT affiliate_private.declare_schema('Coupon', $json${
  "type": "object",
  "required": ["id", "project_id", "affiliate_id", "coupon_code", "stripe_coupon_id", "lemonsqueezy_discount_code", "status", "created_at", "updated_at",
               "affiliate_email", "affiliate_referral_code"],
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "project_id": {"type": "integer", "minimum": 1}, "affiliate_id": {"type": "integer", "minimum": 1},
    "coupon_code": {"type": "string"}, "stripe_coupon_id": {"type": ["string", "null"]}, "lemonsqueezy_discount_code": {"type": ["string", "null"]},
    "status": {"type": "string", "enum": ["active", "inactive"]},
    "created_at": {"type": "string", "format": "date-time"}, "updated_at": {"type": "string", "format": "date-time"},
    "affiliate_email": {"type": "string"}, "affiliate_referral_code": {"type": "string"}
  }
}$json$);
