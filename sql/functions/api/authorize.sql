CREATE OR REPLACE FUNCTION affiliate_api.find_api_key(p_key_id bigint) RETURNS TABLE (project_id bigint, secret_hash text, secret_check bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT k.project_id, k.secret_hash, k.secret_check FROM affiliate_private.api_key AS k
  WHERE k.project_id = find_api_key.p_key_id / 1000000 AND k.key_id = find_api_key.p_key_id AND k.revoked_at IS NULL
$$;
COMMENT ON FUNCTION affiliate_api.find_api_key(bigint) IS 'Project and bcrypt hash of a live key, for the gateway to verify the secret once, and by what to refuse a wrong one before that; no row for an unknown or revoked key.';

CREATE OR REPLACE FUNCTION affiliate_api.find_token_key(p_key_id bigint) RETURNS TABLE (project_id bigint, secret text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT k.project_id, k.secret FROM affiliate_private.token_key AS k
  WHERE k.project_id = find_token_key.p_key_id / 1000000 AND k.key_id = find_token_key.p_key_id AND k.revoked_at IS NULL
$$;
COMMENT ON FUNCTION affiliate_api.find_token_key(bigint) IS 'Project and secret of a live signing key, for the gateway to verify the signatures of its tokens; no row for an unknown or revoked one.';

CREATE OR REPLACE FUNCTION affiliate_api.authorize(p_key_id bigint, p_scope text, p_take integer, p_claims jsonb,
  OUT project_id bigint, OUT rate_limit integer, OUT granted integer, OUT remaining integer, OUT reset_at bigint, OUT reset_in_ms integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_caller record;
  v_taken  record;
BEGIN
  IF authorize.p_claims IS NULL THEN
    SELECT k.project_id, k.scope, k.rate_limit_per_minute, k.last_used_at, 'API key' AS called INTO v_caller FROM affiliate_private.api_key AS k
    WHERE k.project_id = authorize.p_key_id / 1000000 AND k.key_id = authorize.p_key_id AND k.revoked_at IS NULL;
  ELSE
    SELECT k.project_id, authorize.p_claims ->> 'scope' AS scope, k.rate_limit_per_minute, k.last_used_at, 'token' AS called INTO v_caller
    FROM affiliate_private.token_key AS k
    WHERE k.project_id = (authorize.p_claims ->> 'project')::bigint AND k.key_id = authorize.p_key_id AND k.revoked_at IS NULL;
  END IF;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF401',
      MESSAGE = CASE WHEN authorize.p_claims IS NULL THEN 'Invalid or revoked API key' ELSE 'Invalid or revoked token' END;
  END IF;
  IF authorize.p_scope <> 'read' AND v_caller.scope IS DISTINCT FROM 'write' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF403', MESSAGE = format('This %s may only read; use one with scope "write"', v_caller.called);
  END IF;
  -- Else a token could outlive its hours: as a key, or as an address to which events go on being sent.
  IF authorize.p_scope = 'owner' AND authorize.p_claims IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF403', MESSAGE = 'A token may not change keys, providers, webhooks or payouts; use an API key with scope "write"';
  END IF;

  project_id := v_caller.project_id;
  rate_limit := v_caller.rate_limit_per_minute;
  IF authorize.p_take > 0 THEN
    v_taken := affiliate_private.take_requests(project_id, authorize.p_key_id, rate_limit, authorize.p_take);
    granted := v_taken.granted;
    remaining := v_taken.remaining;
    reset_at := extract(epoch FROM v_taken.reset_at);
    reset_in_ms := v_taken.reset_in_ms;
  END IF;
  IF v_caller.last_used_at IS NULL OR v_caller.last_used_at < now() - interval '5 minutes' THEN
    PERFORM affiliate_private.record_use(project_id, authorize.p_key_id);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_api.authorize(bigint, text, integer, jsonb) IS 'Checks in the request''s own statement that the key is live and its scope allows the request (read; write; owner: write, and not with a token; NULL: whatever it is), and takes p_take requests from its minute (0: they were leased before). p_claims: the verified {"project","scope"} of a token, NULL for an API key. granted, remaining, reset_at (Unix seconds) and reset_in_ms are NULL where nothing was taken. RF401, RF403 or RF429 otherwise.';
