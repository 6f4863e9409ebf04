CREATE OR REPLACE FUNCTION affiliate_api.store_attribution(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_email       text := affiliate_private.check_email('email', store_attribution.p_args ->> 'email');
  v_code_key    text := affiliate_private.fold_key(store_attribution.p_args ->> 'referral_code');
  v_at          timestamptz;
  v_customer_id bigint;
  v_now         record;
BEGIN
  PERFORM affiliate_private.lock_inputs(store_attribution.p_project_id, false);
  PERFORM affiliate_private.api_affiliate(store_attribution.p_project_id, store_attribution.p_args - 'affiliate_id');
  v_customer_id := affiliate_private.lock_person(store_attribution.p_project_id, ARRAY[v_email]);
  v_at := affiliate_private.record_touch(store_attribution.p_project_id, v_customer_id, v_email, v_code_key);
  v_now := affiliate_private.attribution_at(store_attribution.p_project_id, v_customer_id, v_at);
  RETURN affiliate_private.data_json((SELECT row_to_json(x) FROM (
    SELECT v_email AS email, a.referral_code AS referral_code, a.affiliate_id AS affiliate_id
    FROM affiliate_private.affiliate AS a
    WHERE a.project_id = store_attribution.p_project_id
      AND a.affiliate_id = coalesce(v_now.affiliate_id, affiliate_private.code_owner_at(a.project_id, 'referral', v_code_key, v_at))) AS x));
END
$$;
COMMENT ON FUNCTION affiliate_api.store_attribution(bigint, jsonb) IS 'POST /api/store-attribution';

SELECT affiliate_private.declare_endpoint('store_attribution', $json${
  "method": "POST", "path": "/api/store-attribution", "status": 200, "scope": "write", "response": "Attribution",
  "summary": "Store an attribution",
  "description": "Remember that this email came through a referral code, so that its later purchases are credited. Another code for the same email counts by the project's touch model (last, or first); the answer names the one that counts.",
  "parameters": {
    "email":         {"in": "body", "type": "string", "format": "email", "required": true, "description": "Email address of the visitor"},
    "referral_code": {"in": "body", "type": "string", "minLength": 1, "maxLength": 200, "required": true, "description": "Referral code of an active affiliate"}
  }
}$json$);
