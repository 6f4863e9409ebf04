CREATE OR REPLACE FUNCTION affiliate.create_token_key(p_project_id bigint, p_rate_limit_per_minute integer DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_limit integer := coalesce(
    create_token_key.p_rate_limit_per_minute,
    (SELECT k.rate_limit_per_minute FROM affiliate_private.token_key AS k
     WHERE k.project_id = create_token_key.p_project_id ORDER BY k.key_id DESC LIMIT 1),
    100);
  v_key   affiliate_private.token_key;
BEGIN
  PERFORM affiliate_private.check_project(create_token_key.p_project_id);
  IF v_limit NOT BETWEEN 1 AND 1000000 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('rate limit must be between 1 and 1000000 a minute, got %s', v_limit);
  END IF;
  INSERT INTO affiliate_private.token_key AS k (project_id, key_id, secret, rate_limit_per_minute)
  VALUES (create_token_key.p_project_id, affiliate_private.next_key_id(create_token_key.p_project_id),
          encode(affiliate_private.random_bytes(32), 'hex'), v_limit)
  RETURNING k.* INTO v_key;
  RETURN row_to_json(x) FROM (
    SELECT v_key.key_id AS id, v_key.rate_limit_per_minute AS rate_limit_per_minute, affiliate_private.api_time(v_key.created_at) AS created_at) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.create_token_key(bigint, integer) IS 'A new key that signs the project''s tokens from now on. Tokens signed before stay valid until they expire or their key is revoked. The limit of requests a minute is the last key''s (the first one''s: 100) unless given. RF404 unknown project, RF400 wrong limit.';

CREATE OR REPLACE FUNCTION affiliate.list_token_keys(p_project_id bigint) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT coalesce(json_agg(row_to_json(x) ORDER BY x.id), '[]'::json) FROM (
    SELECT k.key_id AS id, k.rate_limit_per_minute, affiliate_private.api_time(k.created_at) AS created_at,
           affiliate_private.api_time(k.last_used_at) AS last_used_at, affiliate_private.api_time(k.revoked_at) AS revoked_at
    FROM affiliate_private.token_key AS k
    WHERE k.project_id = (affiliate_private.check_project(list_token_keys.p_project_id)).project_id) AS x
$$;
COMMENT ON FUNCTION affiliate.list_token_keys(bigint) IS 'The keys that sign or signed the project''s tokens; never their secrets. last_used_at is up to five minutes behind.';

CREATE OR REPLACE FUNCTION affiliate.revoke_token_keys(p_project_id bigint, p_key_id bigint DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_revoked json;
BEGIN
  PERFORM affiliate_private.check_project(revoke_token_keys.p_project_id);
  WITH revoked AS (
    UPDATE affiliate_private.token_key AS k SET revoked_at = coalesce(k.revoked_at, now())
    WHERE k.project_id = revoke_token_keys.p_project_id
      AND CASE WHEN revoke_token_keys.p_key_id IS NULL THEN k.revoked_at IS NULL ELSE k.key_id = revoke_token_keys.p_key_id END
    RETURNING k.key_id)
  SELECT json_agg(r.key_id ORDER BY r.key_id) INTO v_revoked FROM revoked AS r;
  IF v_revoked IS NULL AND revoke_token_keys.p_key_id IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404',
      MESSAGE = format('Project %s has no token key %s', revoke_token_keys.p_project_id, revoke_token_keys.p_key_id);
  END IF;
  RETURN json_build_object('revoked', coalesce(v_revoked, '[]'));
END
$$;
COMMENT ON FUNCTION affiliate.revoke_token_keys(bigint, bigint) IS 'Refuses every token of one signing key, or of all there are, at once on every gateway; the next create_token makes a new key. Harmless to repeat. RF404 unknown project or key.';
