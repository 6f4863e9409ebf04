CREATE OR REPLACE FUNCTION affiliate.create_token(p_project_id bigint, p_scope text DEFAULT 'read', p_ttl interval DEFAULT '15 minutes') RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_key     affiliate_private.token_key;
  v_now     bigint := extract(epoch FROM date_trunc('second', clock_timestamp()));
  v_seconds bigint := ceil(extract(epoch FROM create_token.p_ttl));
BEGIN
  PERFORM affiliate_private.check_project(create_token.p_project_id);
  PERFORM affiliate_private.check_setting('scope', create_token.p_scope, '^(read|write)$', '"read" or "write"');
  IF v_seconds IS NULL OR v_seconds NOT BETWEEN 1 AND 86400 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('ttl must be more than 0 and at most 24 hours, got %s', create_token.p_ttl);
  END IF;
  FOR i IN 1..2 LOOP
    SELECT k.* INTO v_key FROM affiliate_private.token_key AS k
    WHERE k.project_id = create_token.p_project_id AND k.revoked_at IS NULL ORDER BY k.key_id DESC LIMIT 1;
    EXIT WHEN FOUND;
    PERFORM affiliate.create_token_key(create_token.p_project_id);
  END LOOP;
  RETURN row_to_json(x) FROM (
    SELECT affiliate_private.sign_token(v_key, json_build_object('project', v_key.project_id, 'scope', create_token.p_scope,
             'iat', v_now, 'nbf', v_now, 'exp', v_now + v_seconds)) AS token,
           affiliate_private.api_time(to_timestamp(v_now + v_seconds)) AS expires_at, create_token.p_scope AS scope, v_key.key_id AS key) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.create_token(bigint, text, interval) IS 'A token (JWT, HS256) that the API accepts like a key until it expires, 24 hours at most, or its signing key is revoked. The requests of all tokens of one signing key count together (100 a minute). RF404 unknown project, RF400 wrong scope or ttl.';
