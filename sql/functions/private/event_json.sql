-- Stored provider events, as the API and the command line print them.

CREATE OR REPLACE FUNCTION affiliate_private.event_json(p_event affiliate_private.provider_event) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT e.provider_event_id AS id, e.event_key AS event_id, e.provider, e.event_type AS type, e.outcome AS status,
           affiliate_private.api_time(e.occurred_at) AS occurred_at, affiliate_private.api_time(e.received_at) AS received_at, e.error
    FROM (SELECT (event_json.p_event).*) AS e) AS x
$$;
COMMENT ON FUNCTION affiliate_private.event_json(affiliate_private.provider_event) IS 'An event without its body.';

CREATE OR REPLACE FUNCTION affiliate_private.find_event(p_project_id bigint, p_event_id bigint) RETURNS affiliate_private.provider_event
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.provider_event;
BEGIN
  SELECT e.* INTO v_row FROM affiliate_private.provider_event AS e
  WHERE e.project_id = find_event.p_project_id AND e.provider_event_id = find_event.p_event_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Event not found';
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.find_event(bigint, bigint) IS 'The stored event with this id; RF404 for an unknown one.';

CREATE OR REPLACE FUNCTION affiliate_private.matching_events(p_project_id bigint, p_status text, p_provider text, p_type text) RETURNS SETOF affiliate_private.provider_event
LANGUAGE sql STABLE AS $$
  SELECT e.* FROM affiliate_private.provider_event AS e
  WHERE e.project_id = matching_events.p_project_id
    AND (matching_events.p_status IS NULL OR e.outcome = matching_events.p_status)
    AND (matching_events.p_provider IS NULL OR e.provider = matching_events.p_provider)
    AND (matching_events.p_type IS NULL OR e.event_type = matching_events.p_type)
$$;
COMMENT ON FUNCTION affiliate_private.matching_events(bigint, text, text, text) IS 'The stored events of a project that pass these filters; NULL filters nothing.';

CREATE OR REPLACE FUNCTION affiliate_private.read_event(p_event affiliate_private.provider_event, OUT body text, OUT fact jsonb) RETURNS record
LANGUAGE plpgsql STABLE AS $$
BEGIN
  body := convert_from((read_event.p_event).body, 'UTF8');
  fact := affiliate_private.map_event((read_event.p_event).provider, (affiliate_private.event_doc((read_event.p_event).body)).doc);
EXCEPTION WHEN OTHERS THEN
  -- Why is in the event's error: here it only cannot be shown.
  fact := NULL;
END
$$;
COMMENT ON FUNCTION affiliate_private.read_event(affiliate_private.provider_event) IS 'The body of an event as text and the fact it states, as far as they can be read.';

CREATE OR REPLACE FUNCTION affiliate_private.event_sales(p_event affiliate_private.provider_event, p_fact jsonb) RETURNS SETOF affiliate_private.sale
LANGUAGE sql STABLE AS $$
  SELECT s.* FROM affiliate_private.sale AS s
  WHERE s.project_id = (event_sales.p_event).project_id AND s.provider = (event_sales.p_event).provider
    AND (s.sale_key = ANY (affiliate_private.payment_component((event_sales.p_event).project_id, (event_sales.p_event).provider,
                                                               affiliate_private.payment_keys(event_sales.p_fact)))
         OR s.subscription_key IN (event_sales.p_fact #>> '{subscription,key}', affiliate_private.scope_subscription(event_sales.p_fact ->> 'scope')))
  ORDER BY s.occurred_at DESC, s.sale_id DESC LIMIT 100
$$;
COMMENT ON FUNCTION affiliate_private.event_sales(affiliate_private.provider_event, jsonb) IS 'The sales that an event is about: its payment, or the payments of its subscription; the newest hundred.';

CREATE OR REPLACE FUNCTION affiliate_private.event_effects(p_event affiliate_private.provider_event, p_fact jsonb) RETURNS json
LANGUAGE sql STABLE AS $$
  WITH sale AS MATERIALIZED (
    SELECT s.* FROM affiliate_private.event_sales(event_effects.p_event, event_effects.p_fact) AS s
  ), conversion AS MATERIALIZED (
    SELECT c.* FROM affiliate_private.conversion AS c JOIN sale AS s ON s.project_id = c.project_id AND s.sale_id = c.sale_id
  )
  SELECT row_to_json(x) FROM (
    SELECT coalesce((SELECT json_agg(row_to_json(y)) FROM (
             SELECT s.sale_key, s.type, affiliate_private.api_time(s.occurred_at) AS occurred_at, s.currency,
                    affiliate_private.money_number(s.gross_minor, s.currency) AS paid,
                    affiliate_private.money_number(s.base_minor, s.currency) AS base, s.subscription_key
             FROM sale AS s ORDER BY s.occurred_at, s.sale_id) AS y), '[]'::json) AS sales,
           coalesce((SELECT json_agg(row_to_json(y)) FROM (
             SELECT c.conversion_id AS id, s.sale_key, c.affiliate_id, c.attribution_source, p.currency,
                    affiliate_private.money_number(c.commission_minor, p.currency) AS commission,
                    affiliate_private.money_number(affiliate_private.reversed_minor(c), p.currency) AS reversed, c.paid
             FROM conversion AS c JOIN sale AS s ON s.sale_id = c.sale_id JOIN affiliate_private.project AS p ON p.project_id = c.project_id
             ORDER BY c.occurred_at, c.conversion_id) AS y), '[]'::json) AS conversions,
           coalesce((SELECT json_agg(row_to_json(y)) FROM (
             SELECT e.entry_id AS id, e.conversion_id, e.affiliate_id, e.kind, affiliate_private.money_number(e.amount_minor, e.currency) AS amount,
                    e.currency, affiliate_private.api_time(e.booked_at) AS booked_at
             FROM conversion AS c
             JOIN affiliate_private.ledger_entry AS e ON e.project_id = c.project_id AND e.conversion_id = c.conversion_id
             ORDER BY e.entry_id) AS y), '[]'::json) AS ledger) AS x
$$;
COMMENT ON FUNCTION affiliate_private.event_effects(affiliate_private.provider_event, jsonb) IS 'What there is now of the sales that an event is about: the sales, what they pay to whom, and what was booked.';
