-- What differs between the providers, in one place: how an event is known, when it happened, and what it states. The
-- headers read without complaint, so that every event can be stored; only when it is applied does a wrong value matter.

CREATE OR REPLACE FUNCTION affiliate_private.map_event(p_provider text, p_doc jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  CASE map_event.p_provider
    WHEN 'stripe' THEN RETURN affiliate_private.map_stripe_event(map_event.p_doc);
    WHEN 'lemonsqueezy' THEN RETURN affiliate_private.map_lemonsqueezy_event(map_event.p_doc);
    WHEN 'paddle' THEN RETURN affiliate_private.map_paddle_event(map_event.p_doc);
    WHEN 'polar' THEN RETURN affiliate_private.map_polar_event(map_event.p_doc);
    ELSE RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('unknown provider "%s"', left(map_event.p_provider, 40));
  END CASE;
END
$$;
COMMENT ON FUNCTION affiliate_private.map_event(text, jsonb) IS 'The fact (see apply_fact) a provider''s event states, NULL for a type that states none here; RF400 for a payload that cannot be read.';

CREATE OR REPLACE FUNCTION affiliate_private.event_header(p_provider text, p_doc jsonb, OUT event_key text, OUT event_type text, OUT time_name text, OUT time_value jsonb)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_header record;
BEGIN
  CASE event_header.p_provider
    WHEN 'stripe' THEN v_header := affiliate_private.stripe_header(event_header.p_doc);
    WHEN 'lemonsqueezy' THEN v_header := affiliate_private.lemonsqueezy_header(event_header.p_doc);
    WHEN 'paddle' THEN v_header := affiliate_private.paddle_header(event_header.p_doc);
    WHEN 'polar' THEN v_header := affiliate_private.polar_header(event_header.p_doc);
    ELSE RETURN;
  END CASE;
  event_key  := CASE WHEN length(v_header.event_key) BETWEEN 1 AND 255 THEN v_header.event_key END;
  event_type := left(v_header.event_type, 200);
  time_name  := v_header.time_name;
  time_value := v_header.time_value;
END
$$;
COMMENT ON FUNCTION affiliate_private.event_header(text, jsonb) IS 'What an event''s body says it is known by, its type, and when it happened (for fact_time); NULL where it does not say.';

CREATE OR REPLACE FUNCTION affiliate_private.header_text(p_value jsonb) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN jsonb_typeof(header_text.p_value) = 'string' THEN header_text.p_value #>> '{}' END
$$;
COMMENT ON FUNCTION affiliate_private.header_text(jsonb) IS 'A JSON string, NULL for anything else.';

CREATE OR REPLACE FUNCTION affiliate_private.stripe_header(p_doc jsonb, OUT event_key text, OUT event_type text, OUT time_name text, OUT time_value jsonb)
LANGUAGE sql IMMUTABLE AS $$
  SELECT affiliate_private.header_text(stripe_header.p_doc -> 'id'), affiliate_private.header_text(stripe_header.p_doc -> 'type'),
         'created', stripe_header.p_doc -> 'created'
$$;
COMMENT ON FUNCTION affiliate_private.stripe_header(jsonb) IS 'Header of a Stripe event.';

CREATE OR REPLACE FUNCTION affiliate_private.lemonsqueezy_header(p_doc jsonb, OUT event_key text, OUT event_type text, OUT time_name text, OUT time_value jsonb)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_data jsonb := lemonsqueezy_header.p_doc -> 'data';
  v_attributes jsonb := v_data -> 'attributes';
BEGIN
  event_type := affiliate_private.header_text(lemonsqueezy_header.p_doc #> '{meta,event_name}');
  -- Its events have no id. The same object in the same state is the same event; one second can see several states. Links in it
  -- are signed anew each time, and nothing that outlives an erasure is made of personal data.
  event_key := event_type || ':' || coalesce(v_data ->> 'type', '') || ':' || (v_data ->> 'id') || ':' || coalesce(v_attributes ->> 'updated_at', '')
               || ':' || coalesce(v_attributes ->> 'status', '') || ':' || coalesce(v_attributes ->> 'refunded_amount', '')
               || ':' || left(encode(sha256(convert_to(concat(v_attributes - '{urls,user_email,user_name}'::text[], lemonsqueezy_header.p_doc #> '{meta,custom_data}'), 'UTF8')), 'hex'), 16);
  -- A payment is made when its order or invoice is created; what happens to it later moves updated_at.
  SELECT t.name, t.value INTO time_name, time_value
  FROM (VALUES (1, 'refunded_at', event_type LIKE '%refunded'), (2, 'created_at', event_type ~ '(_created|_payment_.*)$' AND event_type NOT LIKE '%refunded'),
               (3, 'updated_at', true), (4, 'created_at', true)) AS f (priority, name, applies)
  CROSS JOIN LATERAL (SELECT f.name, nullif(v_attributes -> f.name, 'null') AS value) AS t
  WHERE f.applies AND t.value IS NOT NULL
  ORDER BY f.priority LIMIT 1;
  time_name := coalesce(time_name, 'updated_at');
END
$$;
COMMENT ON FUNCTION affiliate_private.lemonsqueezy_header(jsonb) IS 'Header of a LemonSqueezy event.';

CREATE OR REPLACE FUNCTION affiliate_private.paddle_header(p_doc jsonb, OUT event_key text, OUT event_type text, OUT time_name text, OUT time_value jsonb)
LANGUAGE sql IMMUTABLE AS $$
  SELECT affiliate_private.header_text(paddle_header.p_doc -> 'event_id'), affiliate_private.header_text(paddle_header.p_doc -> 'event_type'),
         'occurred_at', paddle_header.p_doc -> 'occurred_at'
$$;
COMMENT ON FUNCTION affiliate_private.paddle_header(jsonb) IS 'Header of a Paddle Billing event.';

CREATE OR REPLACE FUNCTION affiliate_private.polar_header(p_doc jsonb, OUT event_key text, OUT event_type text, OUT time_name text, OUT time_value jsonb)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_data jsonb := polar_header.p_doc -> 'data';
BEGIN
  event_type := affiliate_private.header_text(polar_header.p_doc -> 'type');
  -- Of several words about what was refunded the newest counts, and only modified_at says which that is.
  SELECT t.name, t.value INTO time_name, time_value
  FROM (VALUES (1, 'data.modified_at', v_data -> 'modified_at', event_type IN ('order.updated', 'order.refunded')),
               (2, 'timestamp', polar_header.p_doc -> 'timestamp', true),
               (3, 'data.modified_at', v_data -> 'modified_at', event_type NOT LIKE 'order.%'),
               (4, 'data.created_at', v_data -> 'created_at', true)) AS t (priority, name, value, applies)
  WHERE t.applies AND t.value <> 'null'
  ORDER BY t.priority LIMIT 1;
  time_name := coalesce(time_name, 'timestamp');
END
$$;
COMMENT ON FUNCTION affiliate_private.polar_header(jsonb) IS 'Header of a Polar event, which is known by its delivery id (webhook-id).';
