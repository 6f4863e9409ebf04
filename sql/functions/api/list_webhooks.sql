CREATE OR REPLACE FUNCTION affiliate_api.list_webhooks(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT affiliate_private.page_json(
    (SELECT json_agg(affiliate_private.webhook_json(e) ORDER BY e.endpoint_id)
     FROM (SELECT e.* FROM affiliate_private.webhook_endpoint AS e
           WHERE e.project_id = list_webhooks.p_project_id AND e.deleted_at IS NULL
           ORDER BY e.endpoint_id
           LIMIT (list_webhooks.p_args ->> 'limit')::bigint OFFSET (list_webhooks.p_args ->> 'offset')::bigint) AS e),
    (list_webhooks.p_args ->> 'limit')::bigint, (list_webhooks.p_args ->> 'offset')::bigint,
    (SELECT count(*) FROM affiliate_private.webhook_endpoint AS e WHERE e.project_id = list_webhooks.p_project_id AND e.deleted_at IS NULL))
$$;
COMMENT ON FUNCTION affiliate_api.list_webhooks(bigint, jsonb) IS 'GET /api/v1/webhooks';

SELECT affiliate_private.declare_endpoint('list_webhooks', $json${
  "method": "GET", "path": "/api/v1/webhooks", "status": 200, "scope": "read", "response": "Webhook[]",
  "summary": "List webhooks",
  "description": "List the endpoints that events are posted to. Their secrets are never shown.",
  "parameters": {
    "limit":  {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 50, "description": "Number of webhooks to return"},
    "offset": {"in": "query", "type": "integer", "minimum": 0, "default": 0, "description": "Number of webhooks to skip"}
  }
}$json$);
