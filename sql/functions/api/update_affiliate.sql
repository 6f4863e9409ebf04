CREATE OR REPLACE FUNCTION affiliate_api.update_affiliate(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_old        affiliate_private.affiliate;
  v_new        affiliate_private.affiliate;
  v_email      text := update_affiliate.p_args ->> 'new_email';
  v_constraint text;
BEGIN
  IF NOT update_affiliate.p_args ?| ARRAY['new_email', 'referral_code', 'status', 'partner_slug'] THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'No updatable field given: use email, referral_code, status or partner_slug';
  END IF;
  PERFORM affiliate_private.lock_inputs(update_affiliate.p_project_id, true);
  v_old := affiliate_private.find_affiliate(update_affiliate.p_project_id, update_affiliate.p_args ->> 'email');
  IF v_email IS NOT NULL THEN
    v_email := affiliate_private.check_email('email', v_email);
  END IF;
  BEGIN
    UPDATE affiliate_private.affiliate AS a
    SET email = coalesce(v_email, a.email), email_key = affiliate_private.fold_key(coalesce(v_email, a.email)),
        referral_code = coalesce(n.referral_code, a.referral_code), referral_code_key = affiliate_private.fold_key(coalesce(n.referral_code, a.referral_code)),
        partner_slug = coalesce(n.partner_slug, a.partner_slug), partner_slug_key = affiliate_private.fold_key(coalesce(n.partner_slug, a.partner_slug)),
        status = coalesce(update_affiliate.p_args ->> 'status', a.status)
    FROM (SELECT affiliate_private.check_code('referral_code', update_affiliate.p_args ->> 'referral_code') AS referral_code,
                 affiliate_private.check_code('partner_slug', update_affiliate.p_args ->> 'partner_slug') AS partner_slug) AS n
    WHERE a.project_id = v_old.project_id AND a.affiliate_id = v_old.affiliate_id
    RETURNING a.* INTO v_new;
  EXCEPTION WHEN unique_violation THEN
    GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME;
    PERFORM affiliate_private.raise_affiliate_conflict(v_constraint);
  END;
  PERFORM affiliate_private.record_affiliate_change(v_old, v_new);
  RETURN affiliate_private.data_json(affiliate_private.affiliate_json(v_new));
END
$$;
COMMENT ON FUNCTION affiliate_api.update_affiliate(bigint, jsonb) IS 'PUT /api/v1/affiliates/:email';

SELECT affiliate_private.declare_endpoint('update_affiliate', $json${
  "method": "PUT", "path": "/api/v1/affiliates/:email", "status": 200, "scope": "write", "tool": "update_affiliate", "response": "Affiliate",
  "summary": "Update an affiliate",
  "description": "Update affiliate email, referral code, status, or partner slug.",
  "parameters": {
    "email":         {"in": "path", "type": "string", "format": "email", "required": true, "description": "Email address of the affiliate"},
    "new_email":     {"in": "body", "type": "string", "format": "email", "alias": "email", "description": "New email address, unique per project"},
    "referral_code": {"in": "body", "type": "string", "pattern": "^[A-Za-z0-9_-]{2,64}$", "accepts": "2 to 64 letters, digits, hyphens or underscores", "description": "New referral code, unique per project"},
    "status":        {"in": "body", "type": "string", "enum": ["active", "inactive"], "description": "active or inactive"},
    "partner_slug":  {"in": "body", "type": "string", "pattern": "^[A-Za-z0-9_-]{2,64}$", "accepts": "2 to 64 letters, digits, hyphens or underscores", "description": "New slug of the partner page"}
  }
}$json$);
