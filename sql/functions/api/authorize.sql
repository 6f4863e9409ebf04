CREATE OR REPLACE FUNCTION affiliate_api.find_api_key(p_key_id bigint) RETURNS TABLE (project_id bigint, secret_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT k.project_id, k.secret_hash FROM affiliate_private.api_key AS k
  WHERE k.project_id = find_api_key.p_key_id / 1000000 AND k.key_id = find_api_key.p_key_id AND k.revoked_at IS NULL
$$;
COMMENT ON FUNCTION affiliate_api.find_api_key(bigint) IS 'Project and bcrypt hash of a live key, for the gateway to verify the secret once; no row for an unknown or revoked key.';

CREATE OR REPLACE FUNCTION affiliate_api.authorize(p_key_id bigint, p_scope text) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_key record;
BEGIN
  SELECT k.project_id, k.scope INTO v_key FROM affiliate_private.api_key AS k
  WHERE k.project_id = authorize.p_key_id / 1000000 AND k.key_id = authorize.p_key_id AND k.revoked_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF401', MESSAGE = 'Invalid or revoked API key';
  END IF;
  IF authorize.p_scope = 'write' AND v_key.scope <> 'write' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF403', MESSAGE = 'This API key may only read; use one with scope "write"';
  END IF;
  RETURN v_key.project_id;
END
$$;
COMMENT ON FUNCTION affiliate_api.authorize(bigint, text) IS 'The project of a live key whose scope allows the request, checked in the request''s own statement; RF401 or RF403 otherwise.';
