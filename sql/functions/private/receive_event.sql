CREATE OR REPLACE FUNCTION affiliate_private.receive_event(p_project_id bigint, p_provider text, p_delivery_id text, p_body bytea) RETURNS text
LANGUAGE plpgsql VOLATILE
-- Every statement below here looks rows up by key: planning them anew for each event costs more than running them, and a plan
-- made while the tables were empty must not scan them when they are not.
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  v_read    record := affiliate_private.event_doc(receive_event.p_body);
  v_header  record;
  v_key     text;
  v_known_id bigint;
  v_outcome text;
BEGIN
  PERFORM affiliate_private.check_environment(receive_event.p_project_id, receive_event.p_provider, v_read.doc);
  v_header := affiliate_private.event_header(receive_event.p_provider, v_read.doc);
  v_key := coalesce(nullif(receive_event.p_delivery_id, ''), v_header.event_key, 'sha256:' || encode(sha256(receive_event.p_body), 'hex'));

  -- Fifty copies at once: one stores it, the others wait here and then see it.
  PERFORM affiliate_private.lock_facts(receive_event.p_project_id, ARRAY['event:' || receive_event.p_provider || ':' || v_key]);
  SELECT e.provider_event_id INTO v_known_id FROM affiliate_private.provider_event AS e
  WHERE e.project_id = receive_event.p_project_id AND e.provider = receive_event.p_provider AND e.event_key = v_key;
  IF FOUND THEN
    v_outcome := affiliate_private.receive_again(receive_event.p_project_id, v_known_id);
  ELSE
    v_outcome := affiliate_private.store_event(receive_event.p_project_id, receive_event.p_provider, v_key, v_header, v_read.doc, v_read.problem, receive_event.p_body);
  END IF;
  RETURN format('{"received":true,"status":%s,"event_id":%s}', to_json(v_outcome), to_json(v_key));
END
$$;
COMMENT ON FUNCTION affiliate_private.receive_event(bigint, text, text, bytea) IS 'One verified event: applied once, ignored, parked, or known already (duplicate).';

CREATE OR REPLACE FUNCTION affiliate_private.event_doc(p_body bytea, OUT doc jsonb, OUT problem text)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_state text;
BEGIN
  -- Only what is wrong with the body itself is an answer; what goes wrong here otherwise may go right when the event is sent again.
  BEGIN
    doc := convert_from(event_doc.p_body, 'UTF8')::jsonb;
  EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    v_state := sqlstate;
    problem := 'the body is not valid JSON: ' || sqlerrm;
  END;
  IF v_state IN ('22P05', '22P02') THEN
    -- JSON may escape a NUL or half a surrogate pair, which no text here can hold; customers can write either, and the sale counts all the same.
    BEGIN
      doc     := affiliate_private.storable_json(convert_from(event_doc.p_body, 'UTF8'))::jsonb;
      problem := NULL;
    EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
      problem := 'the body is not valid JSON: ' || sqlerrm;
    END;
  END IF;
  IF jsonb_typeof(doc) <> 'object' THEN
    problem := 'the body is not a JSON object';
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.event_doc(bytea) IS 'The body of an event as JSON (storable_json), or what is wrong with it.';

CREATE OR REPLACE FUNCTION affiliate_private.storable_json(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  -- In pieces: a surrogate pair, any other character by its number, what lies between. Of the alternatives the longest is taken.
  SELECT string_agg(CASE WHEN m.piece[1] ~ '^\\u(0000|[dD][89a-fA-F]..)$' THEN '\ufffd' ELSE m.piece[1] END, '' ORDER BY m.n)
  FROM regexp_matches(storable_json.p_text, '(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\u?|(?:[^\\]|\\[^u])+)', 'g')
       WITH ORDINALITY AS m (piece, n)
$$;
COMMENT ON FUNCTION affiliate_private.storable_json(text) IS 'JSON in which U+FFFD stands for the escaped characters that text in a database cannot hold: NUL and halves of surrogate pairs.';

CREATE OR REPLACE FUNCTION affiliate_private.receive_again(p_project_id bigint, p_provider_event_id bigint) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_known affiliate_private.provider_event;
BEGIN
  SELECT e.* INTO STRICT v_known FROM affiliate_private.provider_event AS e
  WHERE e.project_id = receive_again.p_project_id AND e.provider_event_id = receive_again.p_provider_event_id;
  -- A parked event that is delivered again gets another chance.
  IF v_known.outcome = 'parked' AND v_known.body_removed IS NULL THEN
    RETURN affiliate_private.replay_event(v_known);
  END IF;
  RETURN 'duplicate';
END
$$;
COMMENT ON FUNCTION affiliate_private.receive_again(bigint, bigint) IS 'What becomes of an event that is stored already.';

CREATE OR REPLACE FUNCTION affiliate_private.store_event(p_project_id bigint, p_provider text, p_event_key text, p_header record, p_doc jsonb, p_problem text, p_body bytea) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_result record;
  v_id     bigint;
BEGIN
  v_result := affiliate_private.try_event(store_event.p_project_id, store_event.p_provider, store_event.p_event_key,
                                           store_event.p_header, store_event.p_doc, store_event.p_problem);
  INSERT INTO affiliate_private.provider_event (project_id, provider, event_key, event_type, occurred_at, outcome, error, body)
  VALUES (store_event.p_project_id, store_event.p_provider, store_event.p_event_key, v_result.event_type,
          v_result.occurred_at, v_result.outcome, v_result.error, store_event.p_body)
  RETURNING provider_event_id INTO v_id;
  -- Autovacuum comes within a minute, in which a backlog of events can be many thousands. Twice, since an event that is taken back
  -- takes its number with it.
  IF v_id IN (300, 400, 3000, 4000) THEN
    PERFORM affiliate_private.take_statistics();
  END IF;
  RETURN v_result.outcome;
END
$$;
COMMENT ON FUNCTION affiliate_private.store_event(bigint, text, text, record, jsonb, text, bytea) IS 'Keeps a new event raw beside its effect.';

CREATE OR REPLACE FUNCTION affiliate_private.take_statistics() RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  ANALYZE affiliate_private.customer, affiliate_private.customer_identity, affiliate_private.sale, affiliate_private.evidence, affiliate_private.refund,
    affiliate_private.subscription, affiliate_private.payment_link, affiliate_private.referred_user, affiliate_private.conversion, affiliate_private.ledger_entry, affiliate_private.affiliate,
    affiliate_private.attribution_code, affiliate_private.referral_link, affiliate_private.sale_edit, affiliate_private.provider_event;
END
$$;
COMMENT ON FUNCTION affiliate_private.take_statistics() IS 'Has plans made anew that were made while tables were all but empty: every index begins with the project, so that for a few rows each looks as good as another, and such a plan reads all of the project''s.';

CREATE OR REPLACE FUNCTION affiliate_private.replay_event(p_event affiliate_private.provider_event) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_result record;
  v_read   record;
BEGIN
  IF (replay_event.p_event).body_removed IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409',
      MESSAGE = format('Event %s cannot be replayed: its body was %s', (replay_event.p_event).event_key,
                       CASE (replay_event.p_event).body_removed WHEN 'erased' THEN 'erased with a person''s data' ELSE 'pruned after its retention time' END);
  END IF;
  v_read := affiliate_private.event_doc((replay_event.p_event).body);
  v_result := affiliate_private.try_event((replay_event.p_event).project_id, (replay_event.p_event).provider, (replay_event.p_event).event_key,
                                           affiliate_private.event_header((replay_event.p_event).provider, v_read.doc), v_read.doc, v_read.problem);
  UPDATE affiliate_private.provider_event AS e
  SET outcome = v_result.outcome, error = v_result.error, occurred_at = v_result.occurred_at
  WHERE e.project_id = (replay_event.p_event).project_id AND e.provider_event_id = (replay_event.p_event).provider_event_id;
  RETURN v_result.outcome;
END
$$;
COMMENT ON FUNCTION affiliate_private.replay_event(affiliate_private.provider_event) IS 'Applies a stored event again from its raw body. Merging makes that harmless for one that was applied. RF409 for one whose body was pruned or erased.';

CREATE OR REPLACE FUNCTION affiliate_private.try_event(p_project_id bigint, p_provider text, p_event_key text, p_header record, p_doc jsonb, p_problem text,
                                                       OUT outcome text, OUT error text, OUT event_type text, OUT occurred_at timestamptz)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_header record := try_event.p_header;
  v_fact   jsonb;
BEGIN
  outcome    := 'parked';
  event_type := v_header.event_type;
  error      := try_event.p_problem;
  IF error IS NOT NULL THEN
    RETURN;
  END IF;
  BEGIN
    IF event_type IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'the event has no type';
    END IF;
    v_fact := affiliate_private.map_event(try_event.p_provider, try_event.p_doc);
    IF v_fact IS NULL THEN
      outcome := 'ignored';
    ELSE
      occurred_at := affiliate_private.fact_time(v_header.time_name, v_header.time_value);
      PERFORM affiliate_private.apply_fact(try_event.p_project_id, try_event.p_provider, try_event.p_event_key, occurred_at, v_fact);
      outcome := 'applied';
    END IF;
  EXCEPTION
    -- Not the event's fault: let the whole delivery fail, so that it is tried again. A transaction of the wrong isolation level is one of them.
    WHEN transaction_rollback OR invalid_transaction_state OR lock_not_available OR insufficient_resources OR operator_intervention OR system_error OR internal_error THEN
      RAISE;
    WHEN OTHERS THEN
      outcome := 'parked';
      error   := left(sqlerrm, 1000);
  END;
END
$$;
COMMENT ON FUNCTION affiliate_private.try_event(bigint, text, text, record, jsonb, text) IS 'Applies an event''s fact in a subtransaction of its own: a failure parks this event and blocks no other. Passing trouble (deadlock, shutdown, no space) is raised instead.';
