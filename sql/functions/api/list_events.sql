CREATE OR REPLACE FUNCTION affiliate_api.list_events(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_args   jsonb  := list_events.p_args;
  v_limit  bigint := (v_args ->> 'limit')::bigint;
  v_offset bigint := (v_args ->> 'offset')::bigint;
BEGIN
  RETURN affiliate_private.page_json(
    affiliate.list_events(list_events.p_project_id, v_args ->> 'status', v_args ->> 'provider', v_args ->> 'type', v_limit, v_offset), v_limit, v_offset,
    (SELECT count(*) FROM affiliate_private.matching_events(list_events.p_project_id, v_args ->> 'status', v_args ->> 'provider', v_args ->> 'type')));
END
$$;
COMMENT ON FUNCTION affiliate_api.list_events(bigint, jsonb) IS 'GET /api/v1/events';

SELECT affiliate_private.declare_endpoint('list_events', $json${
  "method": "GET", "path": "/api/v1/events", "status": 200, "scope": "read", "response": "Event[]",
  "summary": "List provider events",
  "description": "List the events that payment providers have sent, newest first. A parked one could not be applied; replay it once the cause is gone.",
  "parameters": {
    "status":   {"in": "query", "type": "string", "enum": ["applied", "ignored", "parked"], "description": "Only events of which this became"},
    "provider": {"in": "query", "type": "string", "enum": ["stripe", "lemonsqueezy", "paddle", "polar"], "description": "Only events of this payment provider"},
    "type":     {"in": "query", "type": "string", "minLength": 1, "maxLength": 200, "description": "Only events of this type, as the provider calls it"},
    "limit":    {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 50, "description": "Number of events to return"},
    "offset":   {"in": "query", "type": "integer", "minimum": 0, "default": 0, "description": "Number of events to skip"}
  }
}$json$);
