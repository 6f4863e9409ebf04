-- What endpoints about conversions answer, for the OpenAPI document; affiliate_private.conversion_json builds it.

SELECT affiliate_private.declare_schema('Conversion', $json${
  "type": "object",
  "required": ["id", "type", "affiliate_id", "referred_user_id", "value", "base_value", "base_value_currency", "paid", "created_at", "reference", "coupon_code_used"],
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "type": {"type": "string", "enum": ["signup", "purchase"]},
    "affiliate_id": {"type": ["integer", "null"]}, "referred_user_id": {"type": ["integer", "null"]},
    "value": {"type": "number", "description": "Commission after refunds, in the project's currency"},
    "base_value": {"type": ["number", "null"]}, "base_value_currency": {"type": ["string", "null"]},
    "paid": {"type": "boolean"}, "created_at": {"type": "string", "format": "date-time"},
    "reference": {"type": ["string", "null"]}, "coupon_code_used": {"type": ["string", "null"]}
  }
}$json$);
