CREATE OR REPLACE FUNCTION affiliate.list_events(p_project_id bigint, p_status text DEFAULT NULL, p_provider text DEFAULT NULL, p_type text DEFAULT NULL,
                                                 p_limit bigint DEFAULT 50, p_offset bigint DEFAULT 0) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM affiliate_private.check_project(list_events.p_project_id);
  IF list_events.p_status NOT IN ('applied', 'ignored', 'parked') THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'status must be applied, ignored or parked';
  ELSIF list_events.p_limit NOT BETWEEN 1 AND 500 OR list_events.p_offset < 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'limit must be between 1 and 500, and offset 0 or more';
  END IF;
  IF list_events.p_provider IS NOT NULL THEN
    PERFORM affiliate_private.check_provider(list_events.p_provider);
  END IF;
  RETURN (SELECT coalesce(json_agg(affiliate_private.event_json(e) ORDER BY e.provider_event_id DESC), '[]'::json)
          FROM (SELECT m.* FROM affiliate_private.matching_events(list_events.p_project_id, list_events.p_status, list_events.p_provider, list_events.p_type) AS m
                ORDER BY m.provider_event_id DESC LIMIT list_events.p_limit OFFSET list_events.p_offset) AS e);
END
$$;
COMMENT ON FUNCTION affiliate.list_events(bigint, text, text, text, bigint, bigint) IS 'Stored provider events, the newest first: of one status (applied, ignored, parked), provider or type where given. RF400 wrong filters, RF404 unknown project.';

CREATE OR REPLACE FUNCTION affiliate.show_event(p_project_id bigint, p_provider_event_id bigint) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row     affiliate_private.provider_event := affiliate_private.find_event(show_event.p_project_id, show_event.p_provider_event_id);
  v_read    record;
  v_effects json;
BEGIN
  v_read    := affiliate_private.read_event(v_row);
  v_effects := affiliate_private.event_effects(v_row, v_read.fact);
  RETURN row_to_json(x) FROM (
    SELECT v_row.provider_event_id AS id, v_row.event_key AS event_id, v_row.provider AS provider, v_row.event_type AS type, v_row.outcome AS status,
           affiliate_private.api_time(v_row.occurred_at) AS occurred_at, affiliate_private.api_time(v_row.received_at) AS received_at, v_row.error AS error,
           CASE WHEN v_row.outcome = 'ignored' THEN 'events of this type, or of this content, are not needed'
                WHEN v_row.outcome = 'applied' AND json_array_length(v_effects -> 'sales') = 0 THEN 'kept: no sale is known yet that it is about'
                ELSE v_row.error END AS reason,
           v_read.fact AS fact, v_effects AS effects, v_read.body AS body,
           CASE WHEN v_read.body IS NULL THEN encode(v_row.body, 'base64') END AS body_base64) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.show_event(bigint, bigint) IS 'A stored provider event: its body as it was signed, the fact read from it (apply_fact), the sales it is about with their conversions and ledger entries, or why it did nothing. RF404 for an unknown one.';
