-- What endpoints about a project's settings and keys answer, for the OpenAPI document.

SELECT affiliate_private.declare_schema('Project', $json${
  "type": "object",
  "required": ["project_id", "name", "currency", "hold_days", "commission_percent", "commission_fixed", "commission_duration", "commission_months",
               "recurring_commission", "upgrade_commission", "commission_base", "on_cancel", "touch_model", "allow_self_referral", "tier_percent", "tier_fixed", "tier_months",
               "payout_minimum", "payout_approval"],
  "properties": {
    "project_id": {"type": "integer", "minimum": 1}, "name": {"type": "string"}, "currency": {"type": "string"}, "hold_days": {"type": "integer"},
    "commission_percent": {"type": ["number", "null"]}, "commission_fixed": {"type": ["number", "null"], "description": "In the project's currency"},
    "commission_duration": {"type": "string", "enum": ["lifetime", "first_purchase", "limited"]}, "commission_months": {"type": ["integer", "null"]},
    "recurring_commission": {"type": "boolean"}, "upgrade_commission": {"type": "boolean"},
    "commission_base": {"type": "string", "enum": ["net", "gross"]}, "on_cancel": {"type": "string", "enum": ["keep", "reverse_held"]},
    "touch_model": {"type": "string", "enum": ["last", "first"]}, "allow_self_referral": {"type": "boolean"},
    "tier_percent": {"type": ["number", "null"], "description": "What an affiliate's parent earns on top: percentage of the sale"},
    "tier_fixed": {"type": ["number", "null"], "description": "The same as a fixed amount per sale in the project's currency"},
    "tier_months": {"type": "integer", "description": "For how many months after the affiliate got its parent; 0 for no limit"},
    "payout_minimum": {"type": "number", "description": "In the project's currency"}, "payout_approval": {"type": "string", "enum": ["manual", "automatic"]}
  }
}$json$);
SELECT affiliate_private.declare_schema('ProductCommission', $json${
  "type": "object", "required": ["provider", "product_key", "commission_percent", "commission_fixed", "effective_at"],
  "properties": {
    "provider": {"type": "string"}, "product_key": {"type": "string"},
    "commission_percent": {"type": ["number", "null"]}, "commission_fixed": {"type": ["number", "null"], "description": "Per line item, in the project's currency"},
    "effective_at": {"type": "string", "format": "date-time"}
  }
}$json$);
SELECT affiliate_private.declare_schema('AffiliateCommission', $json${
  "type": "object", "required": ["affiliate_id", "user_email", "commission_percent", "commission_fixed", "effective_at"],
  "properties": {
    "affiliate_id": {"type": "integer", "minimum": 1}, "user_email": {"type": "string"},
    "commission_percent": {"type": ["number", "null"]}, "commission_fixed": {"type": ["number", "null"], "description": "Per sale, in the project's currency"},
    "effective_at": {"type": "string", "format": "date-time"}
  }
}$json$);
SELECT affiliate_private.declare_schema('ApiKey', $json${
  "type": "object", "required": ["id", "name", "scope", "rate_limit_per_minute", "created_at", "revoked_at"],
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "name": {"type": ["string", "null"]}, "scope": {"type": "string", "enum": ["read", "write"]},
    "rate_limit_per_minute": {"type": "integer"}, "created_at": {"type": "string", "format": "date-time"},
    "last_used_at": {"type": ["string", "null"], "format": "date-time"}, "revoked_at": {"type": ["string", "null"], "format": "date-time"}
  }
}$json$);
SELECT affiliate_private.declare_schema('CreatedApiKey', $json${
  "type": "object", "required": ["id", "api_key", "name", "scope", "rate_limit_per_minute", "created_at"],
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "api_key": {"type": "string", "description": "The key itself; shown only now"},
    "name": {"type": ["string", "null"]}, "scope": {"type": "string", "enum": ["read", "write"]},
    "rate_limit_per_minute": {"type": "integer"}, "created_at": {"type": "string", "format": "date-time"}
  }
}$json$);
SELECT affiliate_private.declare_schema('ExchangeRate', $json${
  "type": "object", "required": ["currency", "rate", "effective_at"],
  "properties": {
    "currency": {"type": "string"}, "rate": {"type": "number", "description": "Price of one unit in the project's currency"},
    "effective_at": {"type": "string", "format": "date-time"}
  }
}$json$);
SELECT affiliate_private.declare_schema('Secret', $json${
  "type": "object", "required": ["configured", "last4"],
  "properties": {"configured": {"type": "boolean"}, "last4": {"type": ["string", "null"], "description": "The last four characters of a long secret"}}
}$json$);
SELECT affiliate_private.declare_schema('Provider', $json${
  "type": "object",
  "required": ["provider", "webhook_path", "webhook_secret", "previous_secrets", "secret_key", "api_base", "environment", "webhook_endpoint_id", "open_calls", "created_at"],
  "properties": {
    "provider": {"type": "string"}, "webhook_path": {"type": "string", "description": "Where the provider must post its webhooks"},
    "webhook_secret": {"$ref": "#/components/schemas/Secret"},
    "previous_secrets": {"type": "array", "description": "Secrets that were replaced and are still accepted", "items": {
      "type": "object", "required": ["last4", "valid_until"],
      "properties": {"last4": {"type": ["string", "null"]}, "valid_until": {"type": "string", "format": "date-time"}}
    }},
    "secret_key": {"$ref": "#/components/schemas/Secret"}, "api_base": {"type": ["string", "null"]},
    "environment": {"type": ["string", "null"], "enum": ["live", "test", null], "description": "Whose events are taken; null for both"},
    "webhook_endpoint_id": {"type": ["string", "null"], "description": "The endpoint that was registered through the provider's API"},
    "open_calls": {"type": "array", "items": {"$ref": "#/components/schemas/ProviderCall"}},
    "created_at": {"type": "string", "format": "date-time"}
  }
}$json$);
SELECT affiliate_private.declare_schema('ProviderCall', $json${
  "type": "object", "required": ["id", "kind", "subject", "status", "attempts", "error", "created_at", "next_attempt_at"],
  "description": "A call of the provider's API that is not done yet",
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "kind": {"type": "string", "enum": ["register_webhook", "delete_coupon", "deactivate_promotion_code"]},
    "subject": {"type": ["string", "null"], "description": "The provider's id of what it is about"},
    "status": {"type": "string", "enum": ["pending", "dead"], "description": "dead after the last attempt; sending the secret key again retries it"},
    "attempts": {"type": "integer"}, "error": {"type": ["string", "null"], "description": "Why the last attempt failed"},
    "created_at": {"type": "string", "format": "date-time"}, "next_attempt_at": {"type": ["string", "null"], "format": "date-time"}
  }
}$json$);
