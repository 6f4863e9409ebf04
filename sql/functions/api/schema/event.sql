-- What endpoints about provider events answer, for the OpenAPI document; affiliate_private.event_json and affiliate.show_event build it.

SELECT affiliate_private.declare_schema('Event', $json${
  "type": "object", "required": ["id", "event_id", "provider", "type", "status", "occurred_at", "received_at", "error"],
  "properties": {
    "id": {"type": "integer", "minimum": 1},
    "event_id": {"type": "string", "description": "What the provider calls it, or a digest where it has no name"},
    "provider": {"type": "string"}, "type": {"type": ["string", "null"]},
    "status": {"type": "string", "enum": ["applied", "ignored", "parked"]},
    "occurred_at": {"type": ["string", "null"], "format": "date-time"}, "received_at": {"type": "string", "format": "date-time"},
    "error": {"type": ["string", "null"], "description": "Why it is parked"}
  }
}$json$);
SELECT affiliate_private.declare_schema('EventDetail', $json${
  "type": "object",
  "required": ["id", "event_id", "provider", "type", "status", "occurred_at", "received_at", "error", "reason", "fact", "effects", "body", "body_base64"],
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "event_id": {"type": "string"}, "provider": {"type": "string"}, "type": {"type": ["string", "null"]},
    "status": {"type": "string", "enum": ["applied", "ignored", "parked"]},
    "occurred_at": {"type": ["string", "null"], "format": "date-time"}, "received_at": {"type": "string", "format": "date-time"},
    "error": {"type": ["string", "null"], "description": "Why it is parked"},
    "reason": {"type": ["string", "null"], "description": "Why it did nothing, where it did nothing"},
    "fact": {"type": ["object", "null"], "description": "What was read from it"},
    "effects": {
      "type": "object", "required": ["sales", "conversions", "ledger"], "description": "What there is now of the sales it is about",
      "properties": {
        "sales": {"type": "array", "items": {"type": "object"}}, "conversions": {"type": "array", "items": {"type": "object"}},
        "ledger": {"type": "array", "items": {"type": "object"}}
      }
    },
    "body": {"type": ["string", "null"], "description": "The body as it was signed"},
    "body_base64": {"type": ["string", "null"], "description": "The same where it is no text"}
  }
}$json$);
