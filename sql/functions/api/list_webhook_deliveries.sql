CREATE OR REPLACE FUNCTION affiliate_api.list_webhook_deliveries(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_args   jsonb  := list_webhook_deliveries.p_args;
  v_id     bigint := (v_args ->> 'id')::bigint;
  v_limit  bigint := (v_args ->> 'limit')::bigint;
  v_offset bigint := (v_args ->> 'offset')::bigint;
BEGIN
  RETURN affiliate_private.page_json(
    affiliate.list_webhook_deliveries(list_webhook_deliveries.p_project_id, v_id, v_args ->> 'status', v_limit, v_offset), v_limit, v_offset,
    (SELECT count(*) FROM affiliate_private.webhook_delivery AS d
     WHERE d.project_id = list_webhook_deliveries.p_project_id AND d.endpoint_id = v_id AND (v_args ->> 'status' IS NULL OR d.status = v_args ->> 'status')));
END
$$;
COMMENT ON FUNCTION affiliate_api.list_webhook_deliveries(bigint, jsonb) IS 'GET /api/v1/webhooks/:id/deliveries';

SELECT affiliate_private.declare_endpoint('list_webhook_deliveries', $json${
  "method": "GET", "path": "/api/v1/webhooks/:id/deliveries", "status": 200, "scope": "read", "response": "WebhookDelivery[]",
  "summary": "List the deliveries of a webhook",
  "description": "List what was sent to an endpoint, newest first, with every attempt and the answer it got.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the webhook"},
    "limit":  {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 50, "description": "Number of deliveries to return"},
    "offset": {"in": "query", "type": "integer", "minimum": 0, "default": 0, "description": "Number of deliveries to skip"},
    "status": {"in": "query", "type": "string", "enum": ["pending", "delivered", "dead"], "description": "Only deliveries with this status; dead ones have had their last attempt"}
  }
}$json$);
