CREATE OR REPLACE FUNCTION affiliate_private.emit_webhook(p_project_id bigint, p_affiliate_id bigint, p_referred_user_id bigint, p_event_type text, p_section_name text, p_section json) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_project_id bigint := emit_webhook.p_project_id;
  v_message_id text   := 'evt_' || replace(gen_random_uuid()::text, '-', '');
  v_event_id   bigint;
  v_referrer   json;
  v_referred   json;
BEGIN
  SELECT json_strip_nulls(row_to_json(x)) INTO v_referrer FROM (
    SELECT a.affiliate_id::text AS id, a.email AS email, affiliate_private.webhook_payout_preferences(a.project_id, a.affiliate_id) AS payout_preferences
    FROM affiliate_private.affiliate AS a
    WHERE a.project_id = v_project_id AND a.affiliate_id = emit_webhook.p_affiliate_id) AS x;
  SELECT row_to_json(x) INTO v_referred FROM (
    SELECT max(r.referred_user_id)::text AS id, max(r.email) AS email FROM affiliate_private.referred_user AS r
    WHERE r.project_id = v_project_id AND r.referred_user_id = emit_webhook.p_referred_user_id) AS x;

  INSERT INTO affiliate_private.webhook_event AS e (project_id, message_id, event_type, body)
  VALUES (v_project_id, v_message_id, emit_webhook.p_event_type,
          format('{"id":%s,"event":%s,"timestamp":%s,"project_id":%s,"referrer":%s,"referred":%s,%s:%s}',
                 to_json(v_message_id), to_json(emit_webhook.p_event_type), floor(extract(epoch FROM clock_timestamp()))::bigint,
                 to_json(v_project_id::text), v_referrer, v_referred, to_json(emit_webhook.p_section_name), emit_webhook.p_section))
  RETURNING e.event_id INTO v_event_id;
  INSERT INTO affiliate_private.webhook_delivery (project_id, endpoint_id, event_id)
  SELECT e.project_id, e.endpoint_id, v_event_id FROM affiliate_private.webhook_endpoint AS e
  WHERE e.project_id = v_project_id AND e.enabled AND emit_webhook.p_event_type = ANY (e.events);
  PERFORM affiliate_private.ring_doorbell();
END
$$;
COMMENT ON FUNCTION affiliate_private.emit_webhook(bigint, bigint, bigint, text, text, json) IS 'Writes a webhook event, its body frozen, and a delivery for every endpoint that wants it; the caller has seen that one does (is_webhook_wanted).';

CREATE OR REPLACE FUNCTION affiliate_private.is_webhook_wanted(p_project_id bigint, p_event_type text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- An endpoint that was given up may be sent later what it missed; one that its owner disabled wants nothing.
  -- An import of history is quiet.
  RETURN coalesce(current_setting('affiliate.quiet', true), '') <> 'on' AND EXISTS (SELECT FROM affiliate_private.webhook_endpoint AS e
                 WHERE e.project_id = is_webhook_wanted.p_project_id AND e.deleted_at IS NULL AND (e.enabled OR e.disabled_reason IS NOT NULL)
                   AND is_webhook_wanted.p_event_type = ANY (e.events));
END
$$;
COMMENT ON FUNCTION affiliate_private.is_webhook_wanted(bigint, text) IS 'Whether an endpoint of the project wants events of this type; where none does, none is written.';

CREATE OR REPLACE FUNCTION affiliate_private.ring_doorbell() RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_now  CONSTANT timestamptz := clock_timestamp();
  v_slot CONSTANT integer     := floor(extract(epoch FROM v_now) * 4)::bigint % 8;
BEGIN
  -- A NOTIFY holds an instance-wide lock through commit, so few transactions ring: gateways look a few more times after
  -- each (gateway/src/server/listener.rs), and poll as well. A stricter isolation level could fail on the row.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    PERFORM pg_notify('affiliate_outbox', '');
  ELSIF EXISTS (SELECT FROM affiliate_private.doorbell AS b WHERE b.slot = v_slot AND b.rung_at NOT BETWEEN v_now - interval '1 second' AND v_now) THEN
    -- Of several at this moment one rings; one that rang in this slot and has not ended keeps the others from it.
    PERFORM FROM affiliate_private.doorbell AS b
    WHERE b.slot = v_slot AND b.rung_at NOT BETWEEN v_now - interval '1 second' AND v_now FOR NO KEY UPDATE SKIP LOCKED;
    IF FOUND THEN
      UPDATE affiliate_private.doorbell AS b SET rung_at = v_now WHERE b.slot = v_slot;
      PERFORM pg_notify('affiliate_outbox', '');
    END IF;
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.ring_doorbell() IS 'Wakes the gateways, at most four times a second; carries no data and may be missed.';
