CREATE OR REPLACE FUNCTION affiliate_api.replay_event(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_row affiliate_private.provider_event := affiliate_private.find_event(replay_event.p_project_id, (replay_event.p_args ->> 'id')::bigint);
BEGIN
  PERFORM affiliate.replay_event(v_row.project_id, v_row.provider_event_id);
  RETURN affiliate_private.data_json(affiliate_private.event_json(affiliate_private.find_event(v_row.project_id, v_row.provider_event_id)));
END
$$;
COMMENT ON FUNCTION affiliate_api.replay_event(bigint, jsonb) IS 'POST /api/v1/events/:id/replay';

SELECT affiliate_private.declare_endpoint('replay_event', $json${
  "method": "POST", "path": "/api/v1/events/:id/replay", "status": 200, "scope": "write", "response": "Event",
  "summary": "Replay a provider event",
  "description": "Apply a stored event again from its body. One that was applied before changes nothing; a parked one is applied if the cause is gone.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the event"}
  }
}$json$);
