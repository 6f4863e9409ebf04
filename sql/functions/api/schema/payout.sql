-- What endpoints about payouts answer, for the OpenAPI document; affiliate_private.payout_json and its neighbours build it.

SELECT affiliate_private.declare_schema('PayoutPreferences', $json${
  "type": "object", "description": "How an affiliate wants to be paid; method is null where nothing is set",
  "required": ["affiliate_id", "user_email", "method", "recipient_name", "recipient_type", "paypal_email", "wise_email", "wise_account_id", "iban", "bic",
               "account_number", "routing_number", "bank_name", "bank_country", "other_details", "updated_at"],
  "properties": {
    "affiliate_id": {"type": "integer", "minimum": 1}, "user_email": {"type": "string"},
    "method": {"type": ["string", "null"], "enum": ["paypal", "wise", "bank_transfer", "other", null]},
    "recipient_name": {"type": ["string", "null"]}, "recipient_type": {"type": ["string", "null"], "enum": ["person", "business", null]},
    "paypal_email": {"type": ["string", "null"]}, "wise_email": {"type": ["string", "null"]}, "wise_account_id": {"type": ["string", "null"]},
    "iban": {"type": ["string", "null"]}, "bic": {"type": ["string", "null"]}, "account_number": {"type": ["string", "null"]},
    "routing_number": {"type": ["string", "null"]}, "bank_name": {"type": ["string", "null"]}, "bank_country": {"type": ["string", "null"]},
    "other_details": {"type": ["string", "null"]}, "updated_at": {"type": ["string", "null"], "format": "date-time"}
  }
}$json$);
SELECT affiliate_private.declare_schema('PayoutRequest', $json${
  "type": "object", "required": ["id", "affiliate_id", "user_email", "amount", "currency", "status", "payout_id", "reason", "created_at", "decided_at"],
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "affiliate_id": {"type": "integer", "minimum": 1}, "user_email": {"type": "string"},
    "amount": {"type": "string", "description": "What could be paid out when it was asked for"}, "currency": {"type": "string"},
    "status": {"type": "string", "enum": ["pending", "approved", "processing", "paid", "failed", "rejected", "canceled"]},
    "payout_id": {"type": ["integer", "null"], "description": "The payout that answers it"}, "reason": {"type": ["string", "null"]},
    "created_at": {"type": "string", "format": "date-time"}, "decided_at": {"type": ["string", "null"], "format": "date-time"}
  }
}$json$);
SELECT affiliate_private.declare_schema('PayoutTotal', $json${
  "type": "object", "required": ["payouts", "amount"], "properties": {"payouts": {"type": "integer"}, "amount": {"type": "string"}}
}$json$);
SELECT affiliate_private.declare_schema('PayoutBatch', $json${
  "type": "object", "required": ["id", "reference", "note", "status", "currency", "amount", "payouts", "totals", "left_out", "eligible_at", "created_at"],
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "reference": {"type": ["string", "null"]}, "note": {"type": ["string", "null"]},
    "status": {"type": "string", "enum": ["open", "settled"], "description": "open while a payout of it is reserved"},
    "currency": {"type": "string"}, "amount": {"type": "string"}, "payouts": {"type": "integer"},
    "totals": {
      "type": "object", "required": ["reserved", "paid", "failed", "canceled", "returned"],
      "properties": {
        "reserved": {"$ref": "#/components/schemas/PayoutTotal"}, "paid": {"$ref": "#/components/schemas/PayoutTotal"},
        "failed": {"$ref": "#/components/schemas/PayoutTotal"}, "canceled": {"$ref": "#/components/schemas/PayoutTotal"},
        "returned": {"$ref": "#/components/schemas/PayoutTotal"}
      }
    },
    "left_out": {"type": "integer", "description": "How many affiliates with money it does not pay"},
    "eligible_at": {"type": "string", "format": "date-time", "description": "What had left its hold by then was taken"},
    "created_at": {"type": "string", "format": "date-time"}
  }
}$json$);
SELECT affiliate_private.declare_schema('LeftOut', $json${
  "type": "object", "required": ["affiliate_id", "user_email", "eligible", "reason"],
  "properties": {
    "affiliate_id": {"type": "integer", "minimum": 1}, "user_email": {"type": "string"}, "eligible": {"type": "string"},
    "reason": {"type": "string", "enum": ["below_minimum", "owes", "no_method", "not_requested"]}
  }
}$json$);
SELECT affiliate_private.declare_schema('Payout', $json${
  "type": "object",
  "required": ["id", "batch_id", "affiliate_id", "user_email", "reference", "amount", "currency", "method", "destination", "status", "transaction_id",
               "reason", "created_at", "settled_at", "returned_at"],
  "properties": {
    "id": {"type": "integer", "minimum": 1}, "batch_id": {"type": "integer", "minimum": 1}, "affiliate_id": {"type": "integer", "minimum": 1},
    "user_email": {"type": "string"}, "reference": {"type": "string", "description": "Its name in the files for payment providers"},
    "amount": {"type": "string"}, "currency": {"type": "string"}, "method": {"type": "string", "enum": ["paypal", "wise", "bank_transfer", "other"]},
    "destination": {"type": "object", "description": "Where it goes, as the preferences were when it was reserved", "additionalProperties": {"type": "string"}},
    "status": {"type": "string", "enum": ["reserved", "paid", "failed", "canceled", "returned"]},
    "transaction_id": {"type": ["string", "null"]}, "reason": {"type": ["string", "null"]},
    "created_at": {"type": "string", "format": "date-time"}, "settled_at": {"type": ["string", "null"], "format": "date-time"},
    "returned_at": {"type": ["string", "null"], "format": "date-time"}
  }
}$json$);
SELECT affiliate_private.declare_schema('PayoutLine', $json${
  "type": "object", "required": ["conversion_id", "conversion_reference", "occurred_at", "amount", "entry_id", "returned_entry_id"],
  "properties": {
    "conversion_id": {"type": "integer", "minimum": 1}, "conversion_reference": {"type": ["string", "null"]},
    "occurred_at": {"type": "string", "format": "date-time"}, "amount": {"type": "string", "description": "Negative where a refund after the payout is taken back"},
    "entry_id": {"type": ["integer", "null"], "description": "The ledger entry that paid it"},
    "returned_entry_id": {"type": ["integer", "null"], "description": "The ledger entry that took it back"}
  }
}$json$);
SELECT affiliate_private.declare_schema('PayoutFile', $json${
  "type": "object", "required": ["file_name", "content_type", "payouts", "amount", "currency", "part", "parts", "content"],
  "properties": {
    "file_name": {"type": "string"}, "content_type": {"type": "string"}, "payouts": {"type": "integer"}, "amount": {"type": "string"},
    "currency": {"type": "string"}, "part": {"type": "integer"}, "parts": {"type": "integer"}, "content": {"type": "string", "description": "The file, as text"}
  }
}$json$);
