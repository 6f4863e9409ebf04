-- What endpoints about outbound webhooks answer, for the OpenAPI document; affiliate_private.webhook_json and delivery_json build it.

SELECT affiliate_private.declare_schema('Webhook', $json${
  "type": "object", "required": ["id", "url", "events", "enabled", "timeout_ms", "max_attempts", "created_at"],
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "url": {"type": "string"}, "events": {"type": "array", "items": {"type": "string"}},
    "enabled": {"type": "boolean"}, "timeout_ms": {"type": "integer"}, "max_attempts": {"type": "integer"},
    "created_at": {"type": "string", "format": "date-time"}
  }
}$json$);
SELECT affiliate_private.declare_schema('CreatedWebhook', $json${
  "type": "object", "required": ["id", "url", "events", "secret", "enabled", "timeout_ms", "max_attempts", "created_at"],
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "url": {"type": "string"}, "events": {"type": "array", "items": {"type": "string"}},
    "secret": {"type": "string", "description": "What payloads are signed with; shown only now"},
    "enabled": {"type": "boolean"}, "timeout_ms": {"type": "integer"}, "max_attempts": {"type": "integer"},
    "created_at": {"type": "string", "format": "date-time"}
  }
}$json$);
SELECT affiliate_private.declare_schema('WebhookDelivery', $json${
  "type": "object", "required": ["id", "message_id", "event", "status", "created_at", "next_attempt_at", "attempts", "payload"],
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "message_id": {"type": "string", "description": "The id in the payload; the same on every attempt and replay"},
    "event": {"type": "string"}, "status": {"type": "string", "enum": ["pending", "delivered", "dead"]},
    "created_at": {"type": "string", "format": "date-time"},
    "next_attempt_at": {"type": ["string", "null"], "format": "date-time", "description": "null while it is being sent, is held, or is done"},
    "attempts": {"type": "array", "items": {
      "type": "object", "required": ["attempt_no", "finished_at", "duration_ms", "status_code", "error", "response"],
      "properties": {
        "attempt_no": {"type": "integer"}, "finished_at": {"type": "string", "format": "date-time"}, "duration_ms": {"type": "integer"},
        "status_code": {"type": ["integer", "null"]}, "error": {"type": ["string", "null"]},
        "response": {"type": ["string", "null"], "description": "The first 4 KiB of the answer"}
      }
    }},
    "payload": {"type": "object", "description": "What is posted"}
  }
}$json$);
