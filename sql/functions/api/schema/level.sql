-- Commission levels and the second tier.

SELECT affiliate_private.declare_schema('CommissionLevel', $json${
  "type": "object",
  "required": ["id", "name", "position", "commission_percent", "commission_fixed", "commission_duration", "commission_months",
               "minimum_earned", "minimum_referrals", "period", "effective_at"],
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "name": {"type": "string"}, "position": {"type": "integer", "description": "Place in the order, the lowest first"},
    "commission_percent": {"type": ["number", "null"]}, "commission_fixed": {"type": ["number", "null"], "description": "Per sale, in the project's currency"},
    "commission_duration": {"type": "string", "enum": ["lifetime", "first_purchase", "limited"]}, "commission_months": {"type": ["integer", "null"]},
    "minimum_earned": {"type": ["number", "null"]}, "minimum_referrals": {"type": ["integer", "null"]},
    "period": {"type": ["string", "null"], "enum": ["total", "month", "quarter", "year", null]},
    "effective_at": {"type": "string", "format": "date-time"}
  }
}$json$);
SELECT affiliate_private.declare_schema('AffiliateLevel', $json${
  "type": "object", "required": ["affiliate_id", "user_email", "level_id", "level_name", "automatic", "since"],
  "properties": {
    "affiliate_id": {"type": "integer", "minimum": 1}, "user_email": {"type": "string"},
    "level_id": {"type": ["integer", "null"]}, "level_name": {"type": ["string", "null"]},
    "automatic": {"type": "boolean", "description": "Whether the affiliate is promoted when it reaches a higher level"},
    "since": {"type": ["string", "null"], "format": "date-time"}
  }
}$json$);
SELECT affiliate_private.declare_schema('AffiliateParent', $json${
  "type": "object", "required": ["affiliate_id", "user_email", "parent_id", "parent_email", "since"],
  "properties": {
    "affiliate_id": {"type": "integer", "minimum": 1}, "user_email": {"type": "string"},
    "parent_id": {"type": ["integer", "null"]}, "parent_email": {"type": ["string", "null"]}, "since": {"type": ["string", "null"], "format": "date-time"}
  }
}$json$);
