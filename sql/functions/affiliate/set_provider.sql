CREATE OR REPLACE FUNCTION affiliate.set_provider(p_project_id bigint, p_provider text, p_webhook_secret text DEFAULT NULL, p_secret_key text DEFAULT NULL, p_api_base text DEFAULT NULL,
                                                  p_environment text DEFAULT NULL, p_overlap_hours integer DEFAULT 24) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_provider text := affiliate_private.check_provider(set_provider.p_provider);
  v_key      text := affiliate_private.check_secret_key(v_provider, set_provider.p_secret_key);
  v_base     text := affiliate_private.check_url('api base', set_provider.p_api_base);
  v_old      affiliate_private.provider_connection;
  v_new      affiliate_private.provider_connection;
BEGIN
  PERFORM affiliate_private.check_project(set_provider.p_project_id);
  IF set_provider.p_environment NOT IN ('live', 'test', 'auto') OR set_provider.p_overlap_hours NOT BETWEEN 0 AND 720 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'environment must be live, test or auto, and overlap hours between 0 and 720';
  END IF;
  PERFORM affiliate_private.lock_facts(set_provider.p_project_id, ARRAY['provider:' || v_provider]);
  SELECT c.* INTO v_old FROM affiliate_private.provider_connection AS c
  WHERE c.project_id = set_provider.p_project_id AND c.provider = v_provider;
  -- A stored key goes nowhere but where its owner sent it: who may write must not learn it by pointing it at a server of theirs.
  IF v_old.secret_key IS NOT NULL AND v_key IS NULL AND v_base <> coalesce(v_old.api_base, '') THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'A secret key is stored: give it again together with another api base';
  END IF;
  INSERT INTO affiliate_private.provider_connection AS c (project_id, provider, secret_key, api_base, environment)
  VALUES (set_provider.p_project_id, v_provider, v_key, v_base, nullif(set_provider.p_environment, 'auto'))
  ON CONFLICT ON CONSTRAINT provider_connection_pkey DO UPDATE
    SET secret_key = coalesce(excluded.secret_key, c.secret_key), api_base = coalesce(excluded.api_base, c.api_base),
        environment = CASE WHEN set_provider.p_environment IS NULL THEN c.environment ELSE excluded.environment END
  RETURNING c.* INTO v_new;
  IF set_provider.p_webhook_secret IS NOT NULL THEN
    PERFORM affiliate_private.replace_webhook_secret(v_new, affiliate_private.check_webhook_secret(v_provider, set_provider.p_webhook_secret),
                                                     coalesce(set_provider.p_overlap_hours, 24));
  END IF;
  IF v_key IS NOT NULL THEN
    PERFORM affiliate_private.use_secret_key(v_new, (v_new.secret_key, v_new.api_base) IS DISTINCT FROM (v_old.secret_key, v_old.api_base));
  END IF;
  IF NOT EXISTS (SELECT FROM affiliate_private.connected_providers(v_new.project_id) AS c WHERE c.provider = v_provider) THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = CASE v_provider
      WHEN 'stripe' THEN 'Stripe is not connected yet: give its webhook secret, or a secret key to register the webhook with'
      ELSE 'This provider is not connected yet: give its webhook secret' END;
  END IF;
  RETURN row_to_json(x) FROM (
    SELECT v_new.project_id AS project_id, v_provider AS provider, format('/webhook/%s/%s', v_provider, v_new.project_id) AS webhook_path) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.set_provider(bigint, text, text, text, text, text, integer) IS 'Connects a payment provider; what is NULL stays as it is. A new webhook secret replaces the one before, which still signs for the overlap (0: not at all). A new Stripe key registers the webhook endpoint through Stripe''s API. environment: live, test, or auto (as the key''s prefix tells). Secrets never come back out. RF400 wrong values, RF404 unknown project, RF409 where something is still missing.';

CREATE OR REPLACE FUNCTION affiliate.list_providers(p_project_id bigint) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM affiliate_private.check_project(list_providers.p_project_id);
  RETURN (SELECT coalesce(json_agg(affiliate_private.provider_json(c) ORDER BY c.provider), '[]'::json)
          FROM affiliate_private.connected_providers(list_providers.p_project_id) AS c);
END
$$;
COMMENT ON FUNCTION affiliate.list_providers(bigint) IS 'The connected payment providers without their secrets, with what could not be told to their APIs yet. RF404 unknown project.';
