CREATE OR REPLACE FUNCTION affiliate_api.claim_deliveries(p_limit integer, p_lease_seconds integer, p_after_project_id bigint, p_full_projects bigint[],
                                                          p_endpoints bigint[], p_rooms integer[], p_window integer)
RETURNS TABLE (project_id bigint, endpoint_id bigint, ordered boolean, delivery_id bigint, lease_token uuid, attempt_no integer, url text, event_type text,
               message_id text, body text, secrets text[], timeout_ms integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_project_id bigint  := coalesce(claim_deliveries.p_after_project_id, 0);
  v_wrapped    boolean := false;
  v_left       integer := claim_deliveries.p_limit;
  v_quota      integer;
  v_room       integer;
  v_found      integer;
  v_endpoint   affiliate_private.webhook_endpoint;
BEGIN
  -- The next ones wait for nobody's disk: a claim that a crash of the server forgets is made again, as after its lease.
  PERFORM set_config('synchronous_commit', 'off', true);
  PERFORM affiliate_private.ready_deliveries();
  -- So many projects are looked at in one call, however many have only what cannot be sent now.
  FOR v_visit IN 1 .. 500 LOOP
    v_project_id := affiliate_private.next_ready_project(v_project_id);
    IF v_project_id IS NULL AND NOT v_wrapped THEN
      v_wrapped := true;
      v_project_id := affiliate_private.next_ready_project(0);
    END IF;
    IF v_project_id IS NULL OR v_wrapped AND v_project_id > coalesce(claim_deliveries.p_after_project_id, 0) OR v_left <= 0 THEN
      RETURN;
    END IF;
    CONTINUE WHEN v_project_id = ANY (claim_deliveries.p_full_projects);
    -- Nobody takes more than half of a call from the others.
    v_quota := least(v_left, greatest(claim_deliveries.p_limit / 2, 1));
    FOR v_endpoint IN SELECT e.* FROM affiliate_private.ready_endpoints(v_project_id) AS e LOOP
      EXIT WHEN v_quota <= 0;
      v_room := coalesce(claim_deliveries.p_rooms[array_position(claim_deliveries.p_endpoints, v_endpoint.endpoint_id)], claim_deliveries.p_window);
      -- One at a time tries out whether a failing endpoint is back.
      v_room := least(v_quota, v_room, CASE WHEN v_endpoint.failing_since IS NOT NULL THEN 1 END);
      CONTINUE WHEN v_room <= 0;
      RETURN QUERY SELECT c.* FROM affiliate_private.claim_of_endpoint(v_endpoint, v_room, claim_deliveries.p_lease_seconds) AS c;
      GET DIAGNOSTICS v_found = ROW_COUNT;
      v_quota := v_quota - v_found;
      v_left  := v_left - v_found;
    END LOOP;
  END LOOP;
  IF v_left = claim_deliveries.p_limit THEN
    RETURN QUERY SELECT v_project_id, NULL::bigint, NULL::boolean, NULL::bigint, NULL::uuid, NULL::integer, NULL::text, NULL::text, NULL::text, NULL::text,
                        NULL::text[], NULL::integer;
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_api.claim_deliveries(integer, integer, bigint, bigint[], bigint[], integer[], integer) IS 'Leases ready deliveries to one drain, project by project after p_after_project_id and from the first again; they come due again when the lease ends without settle_deliveries. None of p_full_projects, at most p_rooms of each of p_endpoints, p_window of any other, and one of an endpoint that fails. A row with a project alone says that the next call should go on after it.';

CREATE OR REPLACE FUNCTION affiliate_private.ready_deliveries() RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  WITH due AS (
    SELECT d.project_id, d.delivery_id FROM affiliate_private.webhook_delivery AS d
    WHERE d.status = 'pending' AND d.next_attempt_at <= clock_timestamp()
    ORDER BY d.next_attempt_at LIMIT 500
    FOR UPDATE SKIP LOCKED
  )
  UPDATE affiliate_private.webhook_delivery AS d SET next_attempt_at = NULL
  FROM due WHERE d.project_id = due.project_id AND d.delivery_id = due.delivery_id;
  WITH over AS (
    SELECT l.project_id, l.lease_token FROM affiliate_private.webhook_lease AS l
    WHERE l.ends_at <= clock_timestamp() ORDER BY l.ends_at LIMIT 10
    FOR UPDATE SKIP LOCKED
  ), ended AS (
    DELETE FROM affiliate_private.webhook_lease AS l USING over
    WHERE l.project_id = over.project_id AND l.lease_token = over.lease_token
    RETURNING l.project_id, l.endpoint_id, l.delivery_ids
  ), unheard AS (
    UPDATE affiliate_private.webhook_delivery AS d SET attempts = d.attempts + 1
    FROM ended AS l CROSS JOIN LATERAL unnest(l.delivery_ids) AS i (delivery_id), affiliate_private.webhook_endpoint AS p
    WHERE d.project_id = l.project_id AND d.delivery_id = i.delivery_id AND d.status = 'pending'
      AND p.project_id = l.project_id AND p.endpoint_id = l.endpoint_id
    RETURNING d.project_id, d.delivery_id, d.attempts, p.url
  )
  INSERT INTO affiliate_private.webhook_attempt (project_id, delivery_id, attempt_no, url, error)
  SELECT u.project_id, u.delivery_id, u.attempts, u.url, 'no result: the gateway that was to send it did not come back in time'
  FROM unheard AS u
  ON CONFLICT ON CONSTRAINT webhook_attempt_pkey DO NOTHING;
END
$$;
COMMENT ON FUNCTION affiliate_private.ready_deliveries() IS 'Makes ready what has come due: deliveries that waited for their next attempt, and those whose lease has ended.';

CREATE OR REPLACE FUNCTION affiliate_private.next_ready_project(p_after_project_id bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT d.project_id FROM affiliate_private.webhook_delivery AS d
          WHERE d.status = 'pending' AND d.next_attempt_at IS NULL AND d.project_id > next_ready_project.p_after_project_id
          ORDER BY d.project_id, d.endpoint_id, d.delivery_id LIMIT 1);
END
$$;
COMMENT ON FUNCTION affiliate_private.next_ready_project(bigint) IS 'The next project with a ready delivery, NULL after the last.';

CREATE OR REPLACE FUNCTION affiliate_private.ready_endpoints(p_project_id bigint) RETURNS SETOF affiliate_private.webhook_endpoint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- One look at the index per endpoint, whatever waits behind its first; whose first has waited longest comes first.
  RETURN QUERY
  SELECT e.*
  FROM affiliate_private.webhook_endpoint AS e
  CROSS JOIN LATERAL (
    SELECT d.delivery_id FROM affiliate_private.webhook_delivery AS d
    WHERE d.project_id = e.project_id AND d.endpoint_id = e.endpoint_id AND d.status = 'pending' AND d.next_attempt_at IS NULL
    ORDER BY d.project_id, d.endpoint_id, d.delivery_id LIMIT 1) AS first
  WHERE e.project_id = ready_endpoints.p_project_id
  ORDER BY first.delivery_id;
END
$$;
COMMENT ON FUNCTION affiliate_private.ready_endpoints(bigint) IS 'The endpoints of a project that have ready deliveries.';

CREATE OR REPLACE FUNCTION affiliate_private.claim_of_endpoint(p_endpoint affiliate_private.webhook_endpoint, p_limit integer, p_lease_seconds integer)
RETURNS TABLE (project_id bigint, endpoint_id bigint, ordered boolean, delivery_id bigint, lease_token uuid, attempt_no integer, url text, event_type text,
               message_id text, body text, secrets text[], timeout_ms integer)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_endpoint affiliate_private.webhook_endpoint := claim_of_endpoint.p_endpoint;
  v_token    uuid := gen_random_uuid();
  v_leased   bigint[];
  v_ids      bigint[];
BEGIN
  -- One at a time, until the end of the transaction. The statements after it see what whoever was before has claimed.
  IF NOT pg_try_advisory_xact_lock(hashtextextended(format('pg_affiliate:%s:deliver:%s', v_endpoint.project_id, v_endpoint.endpoint_id), 0)) THEN
    RETURN;
  ELSIF NOT v_endpoint.enabled THEN
    -- Written while it was being disabled. Who is changing it now, or has since, sees to them.
    SELECT e.* INTO v_endpoint FROM affiliate_private.webhook_endpoint AS e
    WHERE e.project_id = v_endpoint.project_id AND e.endpoint_id = v_endpoint.endpoint_id FOR SHARE SKIP LOCKED;
    IF NOT v_endpoint.enabled THEN
      PERFORM affiliate_private.hold_deliveries(v_endpoint);
    END IF;
    RETURN;
  END IF;
  v_leased := ARRAY(
    SELECT i.delivery_id FROM affiliate_private.webhook_lease AS l CROSS JOIN LATERAL unnest(l.delivery_ids) AS i (delivery_id)
    WHERE l.project_id = v_endpoint.project_id AND l.endpoint_id = v_endpoint.endpoint_id);
  IF v_endpoint.ordered AND (cardinality(v_leased) > 0 OR affiliate_private.is_order_held(v_endpoint)) THEN
    RETURN;
  END IF;
  v_ids := ARRAY(
    SELECT f.delivery_id FROM (
      SELECT d.delivery_id FROM affiliate_private.webhook_delivery AS d
      WHERE d.project_id = v_endpoint.project_id AND d.endpoint_id = v_endpoint.endpoint_id AND d.status = 'pending' AND d.next_attempt_at IS NULL
      ORDER BY d.project_id, d.endpoint_id, d.delivery_id LIMIT claim_of_endpoint.p_limit + cardinality(v_leased)) AS f
    WHERE f.delivery_id <> ALL (v_leased)
    ORDER BY f.delivery_id LIMIT claim_of_endpoint.p_limit);
  IF cardinality(v_ids) = 0 THEN
    RETURN;
  END IF;
  INSERT INTO affiliate_private.webhook_lease (project_id, lease_token, endpoint_id, delivery_ids, ends_at)
  VALUES (v_endpoint.project_id, v_token, v_endpoint.endpoint_id, v_ids, clock_timestamp() + claim_of_endpoint.p_lease_seconds * interval '1 second');
  RETURN QUERY
  SELECT d.project_id, d.endpoint_id, v_endpoint.ordered, d.delivery_id, v_token, d.attempts + 1, v_endpoint.url, e.event_type, e.message_id,
         e.body, array_remove(ARRAY[v_endpoint.secret, v_endpoint.next_secret], NULL), v_endpoint.timeout_ms
  FROM affiliate_private.webhook_delivery AS d
  JOIN affiliate_private.webhook_event AS e ON e.project_id = d.project_id AND e.event_id = d.event_id
  WHERE d.project_id = v_endpoint.project_id AND d.endpoint_id = v_endpoint.endpoint_id AND d.delivery_id = ANY (v_ids) AND d.status = 'pending'
  ORDER BY d.delivery_id;
END
$$;
COMMENT ON FUNCTION affiliate_private.claim_of_endpoint(affiliate_private.webhook_endpoint, integer, integer) IS 'Leases the first ready deliveries of an endpoint, where it is enabled, nobody else is claiming of it, and their turn has come.';

CREATE OR REPLACE FUNCTION affiliate_private.is_order_held(p_endpoint affiliate_private.webhook_endpoint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM affiliate_private.webhook_delivery AS d
                 WHERE d.project_id = (is_order_held.p_endpoint).project_id AND d.endpoint_id = (is_order_held.p_endpoint).endpoint_id
                   AND d.status = 'pending' AND d.next_attempt_at IS NOT NULL AND d.in_order);
END
$$;
COMMENT ON FUNCTION affiliate_private.is_order_held(affiliate_private.webhook_endpoint) IS 'Whether something of an endpoint that wants order waits to be tried again, so that nothing after it is next.';
