CREATE OR REPLACE FUNCTION affiliate_api.promote_webhook_secret(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate.promote_webhook_secret(
    promote_webhook_secret.p_project_id, (promote_webhook_secret.p_args ->> 'id')::bigint));
END
$$;
COMMENT ON FUNCTION affiliate_api.promote_webhook_secret(bigint, jsonb) IS 'POST /api/v1/webhooks/:id/secret/promote';

SELECT affiliate_private.declare_endpoint('promote_webhook_secret', $json${
  "method": "POST", "path": "/api/v1/webhooks/:id/secret/promote", "status": 200, "scope": "owner", "response": "Webhook",
  "summary": "Finish rotating a webhook's secret",
  "description": "From now on the new secret alone signs.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the webhook"}
  }
}$json$);
