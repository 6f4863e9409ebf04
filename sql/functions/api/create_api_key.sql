CREATE OR REPLACE FUNCTION affiliate_api.create_api_key(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_own_limit integer := (create_api_key.p_args -> 'caller' ->> 'rate_limit_per_minute')::integer;
  v_limit     integer := coalesce((create_api_key.p_args ->> 'rate_limit_per_minute')::integer, least(100, v_own_limit));
BEGIN
  IF v_limit > v_own_limit THEN
    RAISE EXCEPTION USING ERRCODE = 'RF403',
      MESSAGE = format('This API key has %s requests a minute, and cannot create one that has more', v_own_limit);
  END IF;
  -- Else more keys would be more requests, and so would new ones for those that have used up their minute.
  PERFORM affiliate_private.lock_facts(create_api_key.p_project_id, ARRAY['api_key']);
  IF (SELECT count(*) FROM affiliate_private.api_key AS k
      WHERE k.project_id = create_api_key.p_project_id AND (k.revoked_at IS NULL OR k.revoked_at > now() - interval '1 minute')) >= 100 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'There are 100 API keys already: revoke one and try again a minute later';
  END IF;
  RETURN affiliate_private.data_json(affiliate.create_api_key(create_api_key.p_project_id, create_api_key.p_args ->> 'name', create_api_key.p_args ->> 'scope', v_limit));
END
$$;
COMMENT ON FUNCTION affiliate_api.create_api_key(bigint, jsonb) IS 'POST /api/v1/api-keys';

SELECT affiliate_private.declare_endpoint('create_api_key', $json${
  "method": "POST", "path": "/api/v1/api-keys", "status": 201, "scope": "owner", "response": "CreatedApiKey",
  "summary": "Create an API key",
  "description": "Create another key for this project. The answer holds the key itself, which is not shown again. There can be 100 keys; one revoked less than a minute ago counts.",
  "parameters": {
    "name":  {"in": "body", "type": "string", "minLength": 1, "maxLength": 200, "nullable": true, "description": "What the key is for"},
    "scope": {"in": "body", "type": "string", "enum": ["read", "write"], "default": "write", "description": "read: GET only; write: everything"},
    "rate_limit_per_minute": {"in": "body", "type": "integer", "minimum": 1, "maximum": 1000000, "description": "Requests a minute, at most those of the key that creates this one (else 403); when omitted 100, or as many as that one has"}
  }
}$json$);
