CREATE OR REPLACE FUNCTION affiliate.add_webhook(p_project_id bigint, p_url text, p_events text[] DEFAULT NULL, p_secret text DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_all    text[] := ARRAY['referral_signed_up', 'referral_converted', 'referral_canceled', 'referral_updated'];
  v_events text[] := coalesce(add_webhook.p_events, v_all);
  v_row    affiliate_private.webhook_endpoint;
BEGIN
  PERFORM affiliate_private.check_project(add_webhook.p_project_id);
  PERFORM affiliate_private.check_url('url', coalesce(add_webhook.p_url, ''));
  IF cardinality(v_events) = 0 OR NOT v_events <@ v_all THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('events must be some of %s', array_to_string(v_all, ', '));
  END IF;
  IF add_webhook.p_secret IS NOT NULL THEN
    PERFORM affiliate_private.check_length('secret', add_webhook.p_secret, 8, 200);
  END IF;
  INSERT INTO affiliate_private.webhook_endpoint AS e (project_id, url, events, secret)
  VALUES (add_webhook.p_project_id, add_webhook.p_url, v_events,
          coalesce(add_webhook.p_secret, 'whsec_' || encode(affiliate_private.random_bytes(24), 'base64')))
  RETURNING e.* INTO v_row;
  RETURN row_to_json(x) FROM (SELECT v_row.endpoint_id AS id, v_row.url AS url, v_row.events AS events, v_row.secret AS secret) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.add_webhook(bigint, text, text[], text) IS 'Adds an endpoint for outbound webhooks (all events unless given) and returns its signing secret, generated unless given. RF400 wrong values, RF404 unknown project.';
