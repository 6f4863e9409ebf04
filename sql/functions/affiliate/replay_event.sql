CREATE OR REPLACE FUNCTION affiliate.replay_event(p_project_id bigint, p_provider_event_id bigint) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_event   affiliate_private.provider_event;
  v_outcome text;
BEGIN
  SELECT e.* INTO v_event FROM affiliate_private.provider_event AS e
  WHERE e.project_id = replay_event.p_project_id AND e.provider_event_id = replay_event.p_provider_event_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = format('Project %s has no event %s', replay_event.p_project_id, replay_event.p_provider_event_id);
  END IF;
  PERFORM affiliate_private.lock_facts(v_event.project_id, ARRAY['event:' || v_event.provider || ':' || v_event.event_key]);
  v_outcome := affiliate_private.replay_event(v_event);
  RETURN row_to_json(x) FROM (
    SELECT e.provider_event_id AS id, e.event_key AS event_id, v_outcome AS status, e.error AS error FROM affiliate_private.provider_event AS e
    WHERE e.project_id = v_event.project_id AND e.provider_event_id = v_event.provider_event_id) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.replay_event(bigint, bigint) IS 'Applies a stored event again; an event that was applied before changes nothing. RF404 for an unknown one, RF409 for one whose body was pruned or erased.';
