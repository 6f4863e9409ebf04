-- What endpoints about referred users answer, for the OpenAPI document; affiliate_private.referral_json builds it.

SELECT affiliate_private.declare_schema('Referral', $json${
  "type": "object", "required": ["id", "user_email", "affiliate_id", "conversion_status", "conversion_date", "created_at"],
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "user_email": {"type": "string"}, "affiliate_id": {"type": ["integer", "null"]},
    "conversion_status": {"type": "string", "enum": ["pending", "converted", "direct", "direct_signup"]},
    "conversion_date": {"type": ["string", "null"], "format": "date-time"}, "created_at": {"type": "string", "format": "date-time"}
  }
}$json$);
SELECT affiliate_private.declare_schema('ReferralDetails', $json${
  "allOf": [{"$ref": "#/components/schemas/Referral"}], "type": "object", "required": ["affiliate_code"],
  "properties": {"affiliate_code": {"type": ["string", "null"], "description": "Referral code of the affiliate"}}
}$json$);
SELECT affiliate_private.declare_schema('Attribution', $json${
  "type": "object", "required": ["email", "referral_code", "affiliate_id"],
  "properties": {"email": {"type": "string"}, "referral_code": {"type": "string"}, "affiliate_id": {"type": "integer"}}
}$json$);
SELECT affiliate_private.declare_schema('StripeCustomerReferralInfo', $json${
  "type": "object",
  "required": ["project_id", "stripe_customer_id", "referred", "affiliate", "referred_user", "attribution_source", "conversions"],
  "properties": {
    "project_id": {"type": "integer"}, "stripe_customer_id": {"type": "string"}, "referred": {"type": "boolean"},
    "affiliate": {"oneOf": [{"type": "null"}, {"type": "object", "required": ["id", "email", "referral_code"],
      "properties": {"id": {"type": "integer"}, "email": {"type": "string"}, "referral_code": {"type": "string"}}}]},
    "referred_user": {"oneOf": [{"type": "null"}, {"type": "object", "required": ["id", "email", "conversion_status", "conversion_date", "created_at"],
      "properties": {"id": {"type": "integer"}, "email": {"type": "string"}, "conversion_status": {"type": "string"},
                     "conversion_date": {"type": ["string", "null"], "format": "date-time"}, "created_at": {"type": "string", "format": "date-time"}}}]},
    "attribution_source": {"type": ["string", "null"], "enum": ["coupon", "metadata", "client_reference_id", "subscription_metadata", "email", "manual", null]},
    "conversions": {"type": "integer", "minimum": 0}
  }
}$json$);
