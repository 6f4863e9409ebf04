CREATE OR REPLACE FUNCTION affiliate_api.set_affiliate_level(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_args      jsonb := set_affiliate_level.p_args;
  v_affiliate affiliate_private.affiliate := affiliate_private.find_affiliate(set_affiliate_level.p_project_id, v_args ->> 'email');
  v_level_id  bigint;
BEGIN
  IF NOT v_args ?| ARRAY['level_id', 'automatic'] THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'No updatable field given: use level_id or automatic';
  END IF;
  PERFORM affiliate_private.lock_inputs(v_affiliate.project_id, true);
  v_level_id := CASE WHEN v_args ? 'level_id' THEN (v_args ->> 'level_id')::bigint
                     ELSE (affiliate_private.affiliate_level_at(v_affiliate.project_id, v_affiliate.affiliate_id, 'infinity')).level_id END;
  PERFORM affiliate.set_affiliate_level(v_affiliate.project_id, v_affiliate.affiliate_id, v_level_id, NOT coalesce((v_args ->> 'automatic')::boolean, false));
  RETURN affiliate_private.data_json(affiliate_private.affiliate_level_json(v_affiliate));
END
$$;
COMMENT ON FUNCTION affiliate_api.set_affiliate_level(bigint, jsonb) IS 'PUT /api/v1/affiliates/:email/level';

SELECT affiliate_private.declare_endpoint('set_affiliate_level', $json${
  "method": "PUT", "path": "/api/v1/affiliates/:email/level", "status": 200, "scope": "write", "response": "AffiliateLevel",
  "summary": "Set an affiliate's level",
  "description": "Give an affiliate a level by hand, from now on; it stays there until automatic is true again.",
  "body": {"anyOf": [{"required": ["level_id"]}, {"required": ["automatic"]}]},
  "parameters": {
    "email": {"in": "path", "type": "string", "format": "email", "required": true, "description": "Email address of the affiliate"},
    "level_id":  {"in": "body", "type": "integer", "minimum": 1, "nullable": true, "description": "ID of the level, null for none; as it is when omitted"},
    "automatic": {"in": "body", "type": "boolean", "description": "Whether promotions go on from there; false when omitted"}
  }
}$json$);
