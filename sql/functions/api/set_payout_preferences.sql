CREATE OR REPLACE FUNCTION affiliate_api.set_payout_preferences(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate.set_payout_preferences(
    set_payout_preferences.p_project_id, set_payout_preferences.p_args ->> 'email',
    (SELECT coalesce(jsonb_object_agg(a.name, a.value), '{}') FROM jsonb_each(set_payout_preferences.p_args) AS a (name, value)
     WHERE a.name = ANY (affiliate_private.payout_preference_names()))));
END
$$;
COMMENT ON FUNCTION affiliate_api.set_payout_preferences(bigint, jsonb) IS 'PUT /api/v1/affiliates/:email/payout-preferences';

SELECT affiliate_private.declare_endpoint('set_payout_preferences', $json${
  "method": "PUT", "path": "/api/v1/affiliates/:email/payout-preferences", "status": 200, "scope": "owner", "response": "PayoutPreferences",
  "summary": "Set an affiliate's payout preferences",
  "description": "Say how an affiliate wants to be paid, in place of what was set. paypal needs paypal_email; wise needs recipient_name and wise_email or wise_account_id; bank_transfer needs recipient_name and iban or account_number; other needs other_details.",
  "body": {"anyOf": [
    {"required": ["paypal_email"], "properties": {"method": {"const": "paypal"}, "paypal_email": {"type": "string"}}},
    {"required": ["recipient_name", "wise_email"], "properties": {"method": {"const": "wise"}, "recipient_name": {"type": "string"}, "wise_email": {"type": "string"}}},
    {"required": ["recipient_name", "wise_account_id"], "properties": {"method": {"const": "wise"}, "recipient_name": {"type": "string"}, "wise_account_id": {"type": "string"}}},
    {"required": ["recipient_name", "iban"], "properties": {"method": {"const": "bank_transfer"}, "recipient_name": {"type": "string"}, "iban": {"type": "string"}}},
    {"required": ["recipient_name", "account_number"], "properties": {"method": {"const": "bank_transfer"}, "recipient_name": {"type": "string"}, "account_number": {"type": "string"}}},
    {"required": ["other_details"], "properties": {"method": {"const": "other"}, "other_details": {"type": "string"}}}
  ]},
  "parameters": {
    "email":           {"in": "path", "type": "string", "format": "email", "required": true, "description": "Email address of the affiliate"},
    "method":          {"in": "body", "type": "string", "enum": ["paypal", "wise", "bank_transfer", "other"], "required": true, "description": "How payouts are made"},
    "recipient_name":  {"in": "body", "type": "string", "nullable": true, "maxLength": 140, "pattern": "^[^ =+@\\u0000-\\u001f\\u007f-][^\\u0000-\\u001f\\u007f]*$", "accepts": "at most 140 characters on one line that do not start with a space or one of = + - @", "description": "Who owns the account, as the bank or Wise knows them"},
    "recipient_type":  {"in": "body", "type": "string", "nullable": true, "enum": ["person", "business"], "description": "What they are (default person)"},
    "paypal_email":    {"in": "body", "type": "string", "nullable": true, "format": "email", "pattern": "^[^=+@-]", "accepts": "a valid email address that does not start with one of = + - @", "description": "Email address of the PayPal account"},
    "wise_email":      {"in": "body", "type": "string", "nullable": true, "format": "email", "pattern": "^[^=+@-]", "accepts": "a valid email address that does not start with one of = + - @", "description": "Email address of the Wise account"},
    "wise_account_id": {"in": "body", "type": "string", "nullable": true, "maxLength": 64, "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]*$", "accepts": "at most 64 letters, digits, hyphens or underscores, the first a letter or digit", "description": "The id your Wise account has for this recipient"},
    "iban":            {"in": "body", "type": "string", "nullable": true, "pattern": "^[A-Za-z]{2}[0-9]{2}( ?[A-Za-z0-9]){11,30}$", "accepts": "an IBAN: two letters, two digits, and 11 to 30 letters or digits", "description": "IBAN of the bank account; 409 where its check digits do not fit"},
    "bic":             {"in": "body", "type": "string", "nullable": true, "pattern": "^[A-Za-z]{6}[A-Za-z0-9]{2}([A-Za-z0-9]{3})?$", "accepts": "a BIC of 8 or 11 letters and digits", "description": "BIC of the bank"},
    "account_number":  {"in": "body", "type": "string", "nullable": true, "maxLength": 40, "pattern": "^[A-Za-z0-9][A-Za-z0-9 -]*$", "accepts": "at most 40 letters, digits, spaces or hyphens, the first a letter or digit", "description": "Account number, where there is no IBAN"},
    "routing_number":  {"in": "body", "type": "string", "nullable": true, "maxLength": 40, "pattern": "^[A-Za-z0-9][A-Za-z0-9 -]*$", "accepts": "at most 40 letters, digits, spaces or hyphens, the first a letter or digit", "description": "ABA number, sort code, BSB or IFSC of the bank"},
    "bank_name":       {"in": "body", "type": "string", "nullable": true, "maxLength": 140, "pattern": "^[^ =+@\\u0000-\\u001f\\u007f-][^\\u0000-\\u001f\\u007f]*$", "accepts": "at most 140 characters on one line that do not start with a space or one of = + - @", "description": "Name of the bank"},
    "bank_country":    {"in": "body", "type": "string", "nullable": true, "pattern": "^[A-Za-z]{2}$", "accepts": "two letters, such as DE", "description": "Country of the bank, two letters"},
    "other_details":   {"in": "body", "type": "string", "nullable": true, "maxLength": 1000, "pattern": "^[^ =+@\\u0000-\\u001f\\u007f-][^\\u0000-\\u001f\\u007f]*$", "accepts": "at most 1000 characters on one line that do not start with a space or one of = + - @", "description": "Whatever you need to know to pay them"}
  }
}$json$);
