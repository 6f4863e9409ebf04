CREATE OR REPLACE FUNCTION affiliate_private.provider_environment(p_connection affiliate_private.provider_connection) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce((provider_environment.p_connection).environment,
                  substring((provider_environment.p_connection).secret_key FROM '^(?:sk|rk)_(live|test)_'))
$$;
COMMENT ON FUNCTION affiliate_private.provider_environment(affiliate_private.provider_connection) IS 'live or test: as set, else as the prefix of its secret key tells; NULL where events of both are taken.';

CREATE OR REPLACE FUNCTION affiliate_private.event_environment(p_provider text, p_doc jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  -- Paddle and Polar say nothing: their sandboxes are other accounts with other secrets.
  CASE event_environment.p_provider
    WHEN 'stripe' THEN
      RETURN CASE event_environment.p_doc -> 'livemode' WHEN 'true' THEN 'live' WHEN 'false' THEN 'test' END;
    WHEN 'lemonsqueezy' THEN
      RETURN CASE coalesce(event_environment.p_doc #> '{meta,test_mode}', event_environment.p_doc #> '{data,attributes,test_mode}') WHEN 'true' THEN 'test' WHEN 'false' THEN 'live' END;
    ELSE
      RETURN NULL;
  END CASE;
END
$$;
COMMENT ON FUNCTION affiliate_private.event_environment(text, jsonb) IS 'live or test as an event says; NULL where it says nothing.';

CREATE OR REPLACE FUNCTION affiliate_private.check_environment(p_project_id bigint, p_provider text, p_doc jsonb) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_wanted text;
  v_event  text := affiliate_private.event_environment(check_environment.p_provider, check_environment.p_doc);
BEGIN
  IF check_environment.p_provider = 'stripe' AND check_environment.p_doc ->> 'object' = 'v2.core.event' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = 'This is a thin event (v2.core.event), which does not hold what happened: set the endpoint up for snapshot events';
  END IF;
  IF v_event IS NULL THEN
    RETURN;
  END IF;
  SELECT affiliate_private.provider_environment(c) INTO v_wanted FROM affiliate_private.provider_connection AS c
  WHERE c.project_id = check_environment.p_project_id AND c.provider = check_environment.p_provider;
  IF v_wanted <> v_event THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('This is a %s mode event; the project takes %s mode events only', v_event, v_wanted);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_environment(bigint, text, jsonb) IS 'RF400 for an event that must not be stored: a thin one, or one of test mode where the provider is connected for live mode and the other way round.';
