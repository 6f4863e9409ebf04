CREATE OR REPLACE FUNCTION affiliate_private.webhook_event_types() RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY['referral_signed_up', 'referral_converted', 'referral_canceled', 'referral_updated']
$$;
COMMENT ON FUNCTION affiliate_private.webhook_event_types() IS 'Every event an endpoint can be sent.';

CREATE OR REPLACE FUNCTION affiliate_private.check_webhook(p_endpoint affiliate_private.webhook_endpoint) RETURNS affiliate_private.webhook_endpoint
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_row affiliate_private.webhook_endpoint := check_webhook.p_endpoint;
BEGIN
  PERFORM affiliate_private.check_url('url', coalesce(v_row.url, ''));
  IF array_ndims(v_row.events) IS DISTINCT FROM 1 OR NOT v_row.events <@ affiliate_private.webhook_event_types() THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = format('events must be some of %s', array_to_string(affiliate_private.webhook_event_types(), ', '));
  END IF;
  v_row.events := ARRAY(SELECT t.event_type FROM unnest(affiliate_private.webhook_event_types()) AS t (event_type) WHERE t.event_type = ANY (v_row.events));
  PERFORM affiliate_private.check_length('secret', v_row.secret, 8, 200);
  IF v_row.timeout_ms NOT BETWEEN 1000 AND 10000 OR v_row.max_attempts NOT BETWEEN 1 AND 20 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'timeout_ms must be between 1000 and 10000, and max_attempts between 1 and 20';
  END IF;
  IF v_row.retry_schedule IS NOT NULL THEN
    v_row.retry_schedule := affiliate_private.check_retry_schedule(v_row.retry_schedule);
    v_row.max_attempts   := cardinality(v_row.retry_schedule) + 1;
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_webhook(affiliate_private.webhook_endpoint) IS 'An endpoint with its events in their usual order, each once; RF400 naming what is wrong with it.';

CREATE OR REPLACE FUNCTION affiliate_private.check_retry_schedule(p_schedule integer[]) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF array_ndims(check_retry_schedule.p_schedule) > 1 OR cardinality(check_retry_schedule.p_schedule) > 19
     OR EXISTS (SELECT FROM unnest(check_retry_schedule.p_schedule) AS s (pause) WHERE s.pause IS NULL OR s.pause NOT BETWEEN 1 AND 259200) THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'retry_schedule must be at most 19 pauses of 1 to 259200 whole seconds';
  END IF;
  RETURN ARRAY(SELECT t.pause FROM (SELECT s.pause, s.position, sum(s.pause) OVER (ORDER BY s.position) AS total
                                    FROM unnest(check_retry_schedule.p_schedule) WITH ORDINALITY AS s (pause, position)) AS t
               WHERE t.total <= 259200 ORDER BY t.position);
END
$$;
COMMENT ON FUNCTION affiliate_private.check_retry_schedule(integer[]) IS 'The pauses of a schedule up to three days; RF400 where they are none.';
