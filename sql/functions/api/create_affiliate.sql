CREATE OR REPLACE FUNCTION affiliate_api.create_affiliate(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_email      text := affiliate_private.check_email('email', create_affiliate.p_args ->> 'email');
  v_code       text := affiliate_private.check_code('referral_code', create_affiliate.p_args ->> 'referral_code');
  v_slug       text := affiliate_private.check_code('partner_slug', create_affiliate.p_args ->> 'partner_slug');
  v_row        affiliate_private.affiliate;
  v_constraint text;
BEGIN
  PERFORM affiliate_private.lock_inputs(create_affiliate.p_project_id, true);
  -- A generated code that happens to be taken is drawn again; codes are short for people, not long for machines.
  FOR v_try IN 1 .. 20 LOOP
    BEGIN
      v_code := coalesce(create_affiliate.p_args ->> 'referral_code', affiliate_private.random_code(8));
      INSERT INTO affiliate_private.affiliate AS a (project_id, email, email_key, referral_code, referral_code_key, partner_slug, partner_slug_key)
      VALUES (create_affiliate.p_project_id, v_email, affiliate_private.fold_key(v_email), v_code, affiliate_private.fold_key(v_code),
              v_slug, affiliate_private.fold_key(v_slug))
      RETURNING a.* INTO v_row;
      EXIT;
    EXCEPTION WHEN unique_violation THEN
      GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME;
      IF v_constraint <> 'affiliate_referral_code_live_key' OR create_affiliate.p_args ->> 'referral_code' IS NOT NULL OR v_try = 20 THEN
        PERFORM affiliate_private.raise_affiliate_conflict(v_constraint);
      END IF;
    END;
  END LOOP;
  INSERT INTO affiliate_private.affiliate_status (project_id, affiliate_id, effective_at, status)
  VALUES (v_row.project_id, v_row.affiliate_id, v_row.created_at, v_row.status);
  PERFORM affiliate_private.own_code(v_row.project_id, 'referral', v_row.referral_code_key, v_row.affiliate_id);
  -- A level may ask for nothing.
  PERFORM affiliate_private.note_level_candidates(v_row.project_id, ARRAY[v_row.affiliate_id]);
  RETURN affiliate_private.data_json(affiliate_private.affiliate_json(v_row));
END
$$;
COMMENT ON FUNCTION affiliate_api.create_affiliate(bigint, jsonb) IS 'POST /api/v1/affiliates';

SELECT affiliate_private.declare_endpoint('create_affiliate', $json${
  "method": "POST", "path": "/api/v1/affiliates", "status": 201, "scope": "write", "tool": "create_affiliate", "response": "Affiliate",
  "summary": "Create an affiliate",
  "description": "Create a new affiliate with optional custom referral code and partner slug.",
  "parameters": {
    "email":         {"in": "body", "type": "string", "format": "email", "required": true, "description": "Email address, unique per project"},
    "referral_code": {"in": "body", "type": "string", "pattern": "^[A-Za-z0-9_-]{2,64}$", "accepts": "2 to 64 letters, digits, hyphens or underscores", "nullable": true, "description": "Referral code, unique per project; generated when omitted"},
    "partner_slug":  {"in": "body", "type": "string", "pattern": "^[A-Za-z0-9_-]{2,64}$", "accepts": "2 to 64 letters, digits, hyphens or underscores", "nullable": true, "description": "Slug of the partner page, unique per project"}
  }
}$json$);
