CREATE OR REPLACE FUNCTION affiliate_api.rotate_webhook_secret(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate.rotate_webhook_secret(
    rotate_webhook_secret.p_project_id, (rotate_webhook_secret.p_args ->> 'id')::bigint, rotate_webhook_secret.p_args ->> 'secret'));
END
$$;
COMMENT ON FUNCTION affiliate_api.rotate_webhook_secret(bigint, jsonb) IS 'POST /api/v1/webhooks/:id/secret';

SELECT affiliate_private.declare_endpoint('rotate_webhook_secret', $json${
  "method": "POST", "path": "/api/v1/webhooks/:id/secret", "status": 201, "scope": "owner", "response": "CreatedWebhook",
  "summary": "Begin to rotate a webhook's secret",
  "description": "Give an endpoint a second secret, which is shown this once. Until it is promoted both sign the Standard Webhooks header, and the old one alone the X-Refgrow-Signature.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the webhook"},
    "secret": {"in": "body", "type": "string", "minLength": 8, "maxLength": 200, "description": "The new secret; generated when omitted"}
  }
}$json$);
