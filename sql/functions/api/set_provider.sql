CREATE OR REPLACE FUNCTION affiliate_api.set_provider(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_args jsonb := set_provider.p_args;
BEGIN
  IF NOT v_args ?| ARRAY['webhook_secret', 'secret_key', 'api_base', 'environment'] THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'No updatable field given: use webhook_secret, secret_key, api_base or environment; overlap_hours goes with a webhook_secret';
  END IF;
  PERFORM affiliate.set_provider(set_provider.p_project_id, v_args ->> 'provider', v_args ->> 'webhook_secret', v_args ->> 'secret_key', v_args ->> 'api_base',
                                 v_args ->> 'environment', (v_args ->> 'overlap_hours')::integer);
  RETURN affiliate_private.data_json(affiliate_private.provider_json(affiliate_private.find_provider(set_provider.p_project_id, v_args ->> 'provider')));
END
$$;
COMMENT ON FUNCTION affiliate_api.set_provider(bigint, jsonb) IS 'PUT /api/v1/providers/:provider';

SELECT affiliate_private.declare_endpoint('set_provider', $json${
  "method": "PUT", "path": "/api/v1/providers/:provider", "status": 200, "scope": "owner", "response": "Provider",
  "summary": "Connect a payment provider",
  "description": "Store the credentials of a payment provider; what is not sent stays. A new webhook secret replaces the one before, which is accepted until the overlap ends. With a new Stripe key the webhook endpoint is registered through Stripe's API.",
  "body": {"anyOf": [{"required": ["webhook_secret"]}, {"required": ["secret_key"]}, {"required": ["api_base"]}, {"required": ["environment"]}]},
  "parameters": {
    "provider":       {"in": "path", "type": "string", "enum": ["stripe", "lemonsqueezy", "paddle", "polar"], "required": true, "description": "Payment provider"},
    "webhook_secret": {"in": "body", "type": "string", "pattern": "^[!-~]{6,500}$", "accepts": "6 to 500 printable ASCII characters without spaces", "description": "Secret its webhooks are signed with; required the first time, except for Stripe with a secret key. LemonSqueezy's has at most 40 characters"},
    "secret_key":     {"in": "body", "type": "string", "pattern": "^[!-~]{6,500}$", "accepts": "6 to 500 printable ASCII characters without spaces", "description": "Key for calls to its API"},
    "api_base":       {"in": "body", "type": "string", "maxLength": 2000, "pattern": "^https?://[A-Za-z0-9.-]+(:([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?([/?#][!-Z^-~]*)?$", "accepts": "an http:// or https:// URL of at most 2000 printable characters, without a user name or password", "description": "Base URL of its API, where it is not the provider's own; where a secret key is stored, only together with it"},
    "environment":    {"in": "body", "type": "string", "enum": ["live", "test", "auto"], "description": "Whose events are taken: those of live or of test mode; auto follows the prefix of a Stripe key, and takes both without one"},
    "overlap_hours":  {"in": "body", "type": "integer", "minimum": 0, "maximum": 720, "default": 24, "description": "How long the webhook secret before is still accepted"}
  }
}$json$);
