CREATE OR REPLACE FUNCTION affiliate_api.get_event(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT affiliate_private.data_json(affiliate.show_event(get_event.p_project_id, (get_event.p_args ->> 'id')::bigint))
$$;
COMMENT ON FUNCTION affiliate_api.get_event(bigint, jsonb) IS 'GET /api/v1/events/:id';

SELECT affiliate_private.declare_endpoint('get_event', $json${
  "method": "GET", "path": "/api/v1/events/:id", "status": 200, "scope": "read", "response": "EventDetail",
  "summary": "Retrieve a provider event",
  "description": "Get an event with its body, the fact read from it, and the sales, conversions and ledger entries it is about.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the event"}
  }
}$json$);
