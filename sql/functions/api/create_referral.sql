CREATE OR REPLACE FUNCTION affiliate_api.create_referral(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_email        text   := affiliate_private.check_email('email', create_referral.p_args ->> 'email');
  v_affiliate_id bigint := (create_referral.p_args ->> 'affiliate_id')::bigint;
  v_status       text   := coalesce(create_referral.p_args ->> 'status', CASE WHEN v_affiliate_id IS NULL THEN 'direct_signup' ELSE 'pending' END);
  v_customer_id  bigint;
  v_new          affiliate_private.referred_user;
BEGIN
  PERFORM affiliate_private.lock_inputs(create_referral.p_project_id, false);
  PERFORM affiliate_private.check_affiliate(create_referral.p_project_id, v_affiliate_id);
  v_customer_id := affiliate_private.lock_person(create_referral.p_project_id, ARRAY[v_email]);
  BEGIN
    INSERT INTO affiliate_private.referred_user AS r (project_id, email, email_key, affiliate_id, conversion_status, conversion_date)
    VALUES (create_referral.p_project_id, v_email, affiliate_private.fold_key(v_email), v_affiliate_id, v_status,
            CASE WHEN v_status IN ('converted', 'direct') THEN now() END)
    RETURNING r.* INTO v_new;
  EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'A referred user with this email already exists';
  END;
  IF v_affiliate_id IS NOT NULL THEN
    PERFORM affiliate_private.link_referral(v_new, v_customer_id);
  END IF;
  RETURN affiliate_private.data_json(affiliate_private.referral_json(v_new));
END
$$;
COMMENT ON FUNCTION affiliate_api.create_referral(bigint, jsonb) IS 'POST /api/v1/referrals';

SELECT affiliate_private.declare_endpoint('create_referral', $json${
  "method": "POST", "path": "/api/v1/referrals", "status": 201, "scope": "write", "tool": "create_referral", "response": "Referral",
  "summary": "Create a referral",
  "description": "Manually create a referred user record, optionally linked to an affiliate, who is then credited with the user's later purchases.",
  "parameters": {
    "email":        {"in": "body", "type": "string", "format": "email", "required": true, "description": "Email address of the referred user, unique per project"},
    "affiliate_id": {"in": "body", "type": "integer", "minimum": 1, "nullable": true, "description": "ID of the affiliate who referred this user; omit for a direct sign-up"},
    "status":       {"in": "body", "type": "string", "enum": ["pending", "converted", "direct", "direct_signup"], "nullable": true, "description": "Conversion status; pending with an affiliate, direct_signup without, when omitted"}
  }
}$json$);
