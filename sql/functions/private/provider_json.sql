CREATE OR REPLACE FUNCTION affiliate_private.connected_providers(p_project_id bigint) RETURNS SETOF affiliate_private.provider_connection
LANGUAGE sql STABLE AS $$
  SELECT c.* FROM affiliate_private.provider_connection AS c
  WHERE c.project_id = connected_providers.p_project_id
    AND (c.provider = 'stripe' AND c.secret_key IS NOT NULL OR EXISTS (SELECT FROM affiliate_private.live_secrets(c.project_id, c.provider)))
$$;
COMMENT ON FUNCTION affiliate_private.connected_providers(bigint) IS 'The providers that are set up: those with a live webhook secret, and Stripe with a key, which gets one.';

CREATE OR REPLACE FUNCTION affiliate_private.find_provider(p_project_id bigint, p_provider text) RETURNS affiliate_private.provider_connection
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.provider_connection;
BEGIN
  SELECT c.* INTO v_row FROM affiliate_private.connected_providers(find_provider.p_project_id) AS c WHERE c.provider = find_provider.p_provider;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'This provider is not connected';
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.find_provider(bigint, text) IS 'A connected provider; RF404 for one that is not.';

CREATE OR REPLACE FUNCTION affiliate_private.disconnect_provider(p_connection affiliate_private.provider_connection) RETURNS void
LANGUAGE sql VOLATILE AS $$
  UPDATE affiliate_private.provider_secret AS s SET retired_at = clock_timestamp()
  WHERE s.project_id = (disconnect_provider.p_connection).project_id AND s.provider = (disconnect_provider.p_connection).provider
    AND affiliate_private.is_live(s.retired_at);
  UPDATE affiliate_private.provider_connection AS c SET secret_key = NULL, api_base = NULL, environment = NULL, webhook_endpoint_id = NULL
  WHERE c.project_id = (disconnect_provider.p_connection).project_id AND c.provider = (disconnect_provider.p_connection).provider;
  SELECT affiliate_private.drop_provider_calls(disconnect_provider.p_connection);
$$;
COMMENT ON FUNCTION affiliate_private.disconnect_provider(affiliate_private.provider_connection) IS 'Retires a provider''s webhook secrets and forgets its API key. The caller holds the provider''s lock.';

CREATE OR REPLACE FUNCTION affiliate_private.secret_json(p_secret text) RETURNS json
LANGUAGE sql IMMUTABLE AS $$
  -- Four characters of a short secret would be too much of it.
  SELECT row_to_json(x) FROM (
    SELECT secret_json.p_secret IS NOT NULL AS configured, CASE WHEN length(secret_json.p_secret) >= 16 THEN right(secret_json.p_secret, 4) END AS last4) AS x
$$;
COMMENT ON FUNCTION affiliate_private.secret_json(text) IS 'What may be told about a secret: whether there is one, and its last four characters where it is long.';

CREATE OR REPLACE FUNCTION affiliate_private.provider_json(p_connection affiliate_private.provider_connection) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT c.provider, format('/webhook/%s/%s', c.provider, c.project_id) AS webhook_path,
           affiliate_private.secret_json((
             SELECT s.secret FROM affiliate_private.live_secrets(c.project_id, c.provider) AS s
             ORDER BY s.retired_at IS NULL DESC, s.secret_id DESC LIMIT 1)) AS webhook_secret,
           (SELECT coalesce(json_agg(row_to_json(y) ORDER BY y.valid_until), '[]'::json) FROM (
             SELECT affiliate_private.secret_json(s.secret) ->> 'last4' AS last4, affiliate_private.api_time(s.retired_at) AS valid_until
             FROM affiliate_private.live_secrets(c.project_id, c.provider) AS s WHERE s.retired_at IS NOT NULL) AS y) AS previous_secrets,
           affiliate_private.secret_json(c.secret_key) AS secret_key, c.api_base,
           affiliate_private.provider_environment(provider_json.p_connection) AS environment, c.webhook_endpoint_id,
           affiliate_private.provider_calls_json(provider_json.p_connection) AS open_calls,
           affiliate_private.api_time(c.created_at) AS created_at
    FROM (SELECT (provider_json.p_connection).*) AS c) AS x
$$;
COMMENT ON FUNCTION affiliate_private.provider_json(affiliate_private.provider_connection) IS 'A connected provider as the API prints it, never with its secrets.';
