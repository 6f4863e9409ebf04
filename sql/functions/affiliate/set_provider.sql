CREATE OR REPLACE FUNCTION affiliate.set_provider(p_project_id bigint, p_provider text, p_webhook_secret text, p_secret_key text DEFAULT NULL, p_api_base text DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_secret text := btrim(set_provider.p_webhook_secret);
BEGIN
  PERFORM affiliate_private.check_project(set_provider.p_project_id);
  IF set_provider.p_provider IS DISTINCT FROM 'stripe' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('unknown provider "%s": use stripe', left(set_provider.p_provider, 40));
  END IF;
  PERFORM affiliate_private.check_url('api base', set_provider.p_api_base);
  PERFORM affiliate_private.lock_facts(set_provider.p_project_id, ARRAY['provider:' || set_provider.p_provider]);
  IF v_secret IS NULL THEN
    SELECT s.secret INTO v_secret FROM affiliate_private.provider_secret AS s
    WHERE s.project_id = set_provider.p_project_id AND s.provider = set_provider.p_provider AND s.retired_at IS NULL
    ORDER BY s.secret_id DESC LIMIT 1;
    IF NOT FOUND THEN
      RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = format('%s is not connected yet: its webhook secret is required the first time', set_provider.p_provider);
    END IF;
  END IF;
  PERFORM affiliate_private.check_length('webhook secret', v_secret, 6, 500);
  INSERT INTO affiliate_private.provider_connection AS c (project_id, provider, secret_key, api_base)
  VALUES (set_provider.p_project_id, set_provider.p_provider, set_provider.p_secret_key, set_provider.p_api_base)
  ON CONFLICT ON CONSTRAINT provider_connection_pkey DO UPDATE
    SET secret_key = coalesce(excluded.secret_key, c.secret_key), api_base = coalesce(excluded.api_base, c.api_base);
  UPDATE affiliate_private.provider_secret AS s SET retired_at = now()
  WHERE s.project_id = set_provider.p_project_id AND s.provider = set_provider.p_provider AND s.retired_at IS NULL
    AND s.secret <> v_secret;
  INSERT INTO affiliate_private.provider_secret (project_id, provider, secret)
  SELECT set_provider.p_project_id, set_provider.p_provider, v_secret
  WHERE NOT EXISTS (SELECT FROM affiliate_private.provider_secret AS s
                    WHERE s.project_id = set_provider.p_project_id AND s.provider = set_provider.p_provider AND s.retired_at IS NULL);
  RETURN row_to_json(x) FROM (
    SELECT set_provider.p_project_id AS project_id, set_provider.p_provider AS provider,
           format('/webhook/%s/%s', set_provider.p_provider, set_provider.p_project_id) AS webhook_path) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.set_provider(bigint, text, text, text, text) IS 'Connects a payment provider: its webhook signing secret replaces the one before, and what is NULL stays as it is. Secrets never come back out. RF400 wrong values, RF404 unknown project, RF409 no secret the first time.';
