-- What endpoints about outbound webhooks answer, for the OpenAPI document; affiliate_private.webhook_json and delivery_json build it.

SELECT affiliate_private.declare_schema('Webhook', $json${
  "type": "object", "required": ["id", "url", "events", "enabled", "ordered", "timeout_ms", "max_attempts", "retry_schedule", "rotating", "created_at", "failing_since", "disabled_at", "disabled_reason"],
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "url": {"type": "string"}, "events": {"type": "array", "items": {"type": "string"}},
    "enabled": {"type": "boolean"}, "ordered": {"type": "boolean"}, "timeout_ms": {"type": "integer"}, "max_attempts": {"type": "integer"},
    "retry_schedule": {"type": ["array", "null"], "items": {"type": "integer"}, "description": "Seconds between attempts; null for the built-in pauses"},
    "rotating": {"type": "boolean", "description": "Whether a new secret signs beside the old one, until it is promoted"},
    "created_at": {"type": "string", "format": "date-time"},
    "failing_since": {"type": ["string", "null"], "format": "date-time", "description": "First failed attempt since the last success"},
    "disabled_at": {"type": ["string", "null"], "format": "date-time"},
    "disabled_reason": {"type": ["string", "null"], "description": "Why it was disabled on its own; null where its owner did it"}
  }
}$json$);
SELECT affiliate_private.declare_schema('CreatedWebhook', $json${
  "type": "object", "required": ["secret", "id", "url", "events", "enabled", "ordered", "timeout_ms", "max_attempts", "retry_schedule", "rotating", "created_at", "failing_since", "disabled_at", "disabled_reason"],
  "properties": {
    "secret": {"type": "string", "description": "What payloads are signed with; shown only now"},
    "id": {"type": "integer", "minimum": 1}, "url": {"type": "string"}, "events": {"type": "array", "items": {"type": "string"}},
    "enabled": {"type": "boolean"}, "ordered": {"type": "boolean"}, "timeout_ms": {"type": "integer"}, "max_attempts": {"type": "integer"},
    "retry_schedule": {"type": ["array", "null"], "items": {"type": "integer"}, "description": "Seconds between attempts; null for the built-in pauses"},
    "rotating": {"type": "boolean", "description": "Whether a new secret signs beside the old one, until it is promoted"},
    "created_at": {"type": "string", "format": "date-time"},
    "failing_since": {"type": ["string", "null"], "format": "date-time", "description": "First failed attempt since the last success"},
    "disabled_at": {"type": ["string", "null"], "format": "date-time"},
    "disabled_reason": {"type": ["string", "null"], "description": "Why it was disabled on its own; null where its owner did it"}
  }
}$json$);
SELECT affiliate_private.declare_schema('WebhookDelivery', $json${
  "type": "object", "required": ["id", "message_id", "event", "status", "created_at", "next_attempt_at", "attempts", "payload"],
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "message_id": {"type": "string", "description": "The id in the payload; the same on every attempt and replay"},
    "event": {"type": "string"}, "status": {"type": "string", "enum": ["pending", "delivered", "dead"]},
    "created_at": {"type": "string", "format": "date-time"},
    "next_attempt_at": {"type": ["string", "null"], "format": "date-time", "description": "When it is tried again; null while it is ready, being sent or held, and when it is done"},
    "attempts": {"type": "array", "items": {
      "type": "object", "required": ["attempt_no", "url", "finished_at", "duration_ms", "status_code", "error", "response"],
      "properties": {
        "attempt_no": {"type": "integer"}, "url": {"type": "string", "description": "Where it was sent"}, "finished_at": {"type": "string", "format": "date-time"},
        "duration_ms": {"type": ["integer", "null"], "description": "null where the gateway died before it could tell"},
        "status_code": {"type": ["integer", "null"]}, "error": {"type": ["string", "null"]},
        "response": {"type": ["string", "null"], "description": "The first 4 KiB of the answer"}
      }
    }},
    "payload": {"type": "object", "description": "What is posted"}
  }
}$json$);
SELECT affiliate_private.declare_schema('WebhookReplay', $json${
  "type": "object", "required": ["id", "replayed", "has_more", "next_after"],
  "properties": {
    "id": {"type": "integer", "minimum": 1, "description": "ID of the webhook"}, "replayed": {"type": "integer", "minimum": 0},
    "has_more": {"type": "boolean", "description": "Whether the most there can be at once were replayed"},
    "next_after": {"type": ["integer", "null"], "description": "Where to go on, if there is more"}
  }
}$json$);
