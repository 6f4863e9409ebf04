CREATE OR REPLACE FUNCTION affiliate_api.provider_secrets(p_project_id bigint, p_provider text) RETURNS TABLE (secret_id bigint, secret text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT s.secret_id, s.secret FROM affiliate_private.live_secrets(provider_secrets.p_project_id, provider_secrets.p_provider) AS s
    ORDER BY s.secret_id DESC;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404',
      MESSAGE = format('No %s webhook is set up for this project', provider_secrets.p_provider);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_api.provider_secrets(bigint, text) IS 'Live webhook secrets, newest first; RF404 where project or provider is not set up.';

CREATE OR REPLACE FUNCTION affiliate_api.ingest_provider_event(p_project_id bigint, p_provider text, p_secret_id bigint, p_delivery_id text, p_body bytea) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- The gateway may verify with a secret it remembers: it must still be live when the event takes effect.
  IF NOT EXISTS (SELECT FROM affiliate_private.provider_secret AS s
                 WHERE s.project_id = ingest_provider_event.p_project_id AND s.provider = ingest_provider_event.p_provider
                   AND s.secret_id = ingest_provider_event.p_secret_id AND affiliate_private.is_live(s.retired_at)) THEN
    RAISE EXCEPTION USING ERRCODE = 'RF410', MESSAGE = 'The webhook secret that signed this event is no longer in use';
  END IF;
  RETURN affiliate_private.receive_event(ingest_provider_event.p_project_id, ingest_provider_event.p_provider,
                                         ingest_provider_event.p_delivery_id, ingest_provider_event.p_body);
END
$$;
COMMENT ON FUNCTION affiliate_api.ingest_provider_event(bigint, text, bigint, text, bytea) IS 'Stores a verified provider event and its effect in one transaction, once; what cannot be applied is parked with its error. RF400, with nothing stored, for thin events and events of another mode.';
