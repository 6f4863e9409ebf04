CREATE OR REPLACE FUNCTION affiliate_api.update_referral(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_args         jsonb  := update_referral.p_args;
  v_affiliate_id bigint := (v_args ->> 'affiliate_id')::bigint;
  v_email        text;
  v_customer_id  bigint;
  v_old          affiliate_private.referred_user;
  v_new          affiliate_private.referred_user;
BEGIN
  IF NOT v_args ?| ARRAY['new_email', 'affiliate_id', 'status'] THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'No updatable field given: use email, affiliate_id or status';
  END IF;
  v_email := affiliate_private.check_email('email', coalesce(v_args ->> 'new_email', v_args ->> 'email'));
  PERFORM affiliate_private.lock_inputs(update_referral.p_project_id, false);
  PERFORM affiliate_private.find_referral(update_referral.p_project_id, v_args ->> 'email');
  PERFORM affiliate_private.check_affiliate(update_referral.p_project_id, v_affiliate_id);
  v_customer_id := affiliate_private.lock_person(update_referral.p_project_id, ARRAY[v_args ->> 'email', v_email]);
  v_old := affiliate_private.find_referral(update_referral.p_project_id, v_args ->> 'email');
  BEGIN
    UPDATE affiliate_private.referred_user AS r
    SET email = CASE WHEN v_args ? 'new_email' THEN v_email ELSE r.email END,
        email_key = CASE WHEN v_args ? 'new_email' THEN affiliate_private.fold_key(v_email) ELSE r.email_key END,
        affiliate_id = CASE WHEN v_args ? 'affiliate_id' THEN v_affiliate_id ELSE r.affiliate_id END,
        conversion_status = coalesce(v_args ->> 'status', r.conversion_status),
        conversion_date = CASE WHEN v_args ->> 'status' IN ('converted', 'direct') THEN now() ELSE r.conversion_date END
    WHERE r.project_id = v_old.project_id AND r.referred_user_id = v_old.referred_user_id
    RETURNING r.* INTO v_new;
  EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'Another referred user has this email already';
  END;
  IF v_new.affiliate_id IS DISTINCT FROM v_old.affiliate_id THEN
    PERFORM affiliate_private.link_referral(v_new, v_customer_id);
  END IF;
  RETURN affiliate_private.data_json(affiliate_private.referral_json(v_new));
END
$$;
COMMENT ON FUNCTION affiliate_api.update_referral(bigint, jsonb) IS 'PUT /api/v1/referrals/:email';

SELECT affiliate_private.declare_endpoint('update_referral', $json${
  "method": "PUT", "path": "/api/v1/referrals/:email", "status": 200, "scope": "write", "response": "Referral",
  "summary": "Update a referral",
  "description": "Update a referred user's email, affiliate or status. Another affiliate (or null) counts for purchases from now on; earlier ones keep theirs.",
  "parameters": {
    "email":        {"in": "path", "type": "string", "format": "email", "required": true, "description": "Email address of the referred user"},
    "new_email":    {"in": "body", "type": "string", "format": "email", "alias": "email", "description": "New email address, unique per project"},
    "affiliate_id": {"in": "body", "type": "integer", "minimum": 1, "nullable": true, "description": "ID of the affiliate, or null for none"},
    "status":       {"in": "body", "type": "string", "enum": ["pending", "converted", "direct", "direct_signup"], "description": "Conversion status; converted and direct set conversion_date to now"}
  }
}$json$);
