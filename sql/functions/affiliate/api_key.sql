CREATE OR REPLACE FUNCTION affiliate.create_api_key(p_project_id bigint, p_name text DEFAULT NULL, p_scope text DEFAULT 'write', p_rate_limit_per_minute integer DEFAULT 100) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_secret text := encode(affiliate_private.random_bytes(24), 'hex');
  v_key    affiliate_private.api_key;
BEGIN
  PERFORM affiliate_private.check_project(create_api_key.p_project_id);
  PERFORM affiliate_private.check_setting('scope', create_api_key.p_scope, '^(read|write)$', '"read" or "write"');
  IF create_api_key.p_rate_limit_per_minute IS NULL OR create_api_key.p_rate_limit_per_minute NOT BETWEEN 1 AND 1000000 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('rate limit must be between 1 and 1000000 a minute, got %s', create_api_key.p_rate_limit_per_minute);
  END IF;
  INSERT INTO affiliate_private.api_key AS k (project_id, key_id, name, scope, secret_hash, secret_check, rate_limit_per_minute)
  VALUES (create_api_key.p_project_id, affiliate_private.next_key_id(create_api_key.p_project_id), create_api_key.p_name, create_api_key.p_scope,
          affiliate_private.bcrypt_hash(v_secret), substring(sha256(convert_to(v_secret, 'UTF8')) FROM 1 FOR 4), create_api_key.p_rate_limit_per_minute)
  RETURNING k.* INTO v_key;
  RETURN row_to_json(x) FROM (
    SELECT v_key.key_id AS id, format('rgk_%s_%s', v_key.key_id, v_secret) AS api_key, v_key.name AS name, v_key.scope AS scope,
           v_key.rate_limit_per_minute AS rate_limit_per_minute, affiliate_private.api_time(v_key.created_at) AS created_at) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.create_api_key(bigint, text, text, integer) IS 'A new API key; the full key is in this answer only. RF404 unknown project, RF400 wrong scope or limit.';

CREATE OR REPLACE FUNCTION affiliate.list_api_keys(p_project_id bigint) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT coalesce(json_agg(row_to_json(x) ORDER BY x.id), '[]'::json) FROM (
    SELECT k.key_id AS id, k.name, k.scope, k.rate_limit_per_minute, affiliate_private.api_time(k.created_at) AS created_at,
           affiliate_private.api_time(k.last_used_at) AS last_used_at, affiliate_private.api_time(k.revoked_at) AS revoked_at
    FROM affiliate_private.api_key AS k
    WHERE k.project_id = (affiliate_private.check_project(list_api_keys.p_project_id)).project_id) AS x
$$;
COMMENT ON FUNCTION affiliate.list_api_keys(bigint) IS 'The project''s keys, revoked ones too; never the secrets. last_used_at is up to five minutes behind.';

CREATE OR REPLACE FUNCTION affiliate.revoke_api_key(p_project_id bigint, p_key_id bigint) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_key affiliate_private.api_key;
BEGIN
  UPDATE affiliate_private.api_key AS k SET revoked_at = coalesce(k.revoked_at, now())
  WHERE k.project_id = revoke_api_key.p_project_id AND k.key_id = revoke_api_key.p_key_id
  RETURNING k.* INTO v_key;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = format('Project %s has no API key %s', revoke_api_key.p_project_id, revoke_api_key.p_key_id);
  END IF;
  RETURN row_to_json(x) FROM (SELECT v_key.key_id AS id, affiliate_private.api_time(v_key.revoked_at) AS revoked_at) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.revoke_api_key(bigint, bigint) IS 'Revokes a key at once on every gateway; harmless to repeat. RF404 for an unknown key.';
