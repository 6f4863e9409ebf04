-- What endpoints about affiliates answer, for the OpenAPI document; affiliate_private.affiliate_json builds it.

SELECT affiliate_private.declare_schema('Affiliate', $json${
  "type": "object", "required": ["id", "user_email", "referral_code", "created_at", "status", "unpaid_earnings", "total_earnings"],
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "user_email": {"type": "string"}, "referral_code": {"type": "string"},
    "unpaid_earnings": {"type": "null"}, "total_earnings": {"type": "null"},
    "created_at": {"type": "string", "format": "date-time"}, "status": {"type": "string", "enum": ["active", "inactive"]}
  }
}$json$);
SELECT affiliate_private.declare_schema('AffiliateStats', $json${
  "type": "object",
  "required": ["id", "user_email", "referral_code", "created_at", "status", "clicks", "signups", "purchases", "unpaid_earnings", "total_earnings",
               "eligible_earnings", "held_earnings", "next_release_date"],
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "user_email": {"type": "string"}, "referral_code": {"type": "string"},
    "created_at": {"type": "string", "format": "date-time"}, "status": {"type": "string", "enum": ["active", "inactive"]},
    "clicks": {"type": "integer"}, "signups": {"type": "integer"}, "purchases": {"type": "integer"},
    "unpaid_earnings": {"type": "string", "description": "eligible + held, in the project's currency"},
    "total_earnings": {"type": "string", "description": "eligible + held + paid"},
    "eligible_earnings": {"type": "string"}, "held_earnings": {"type": "string"},
    "next_release_date": {"type": ["string", "null"], "format": "date-time"}
  }
}$json$);
