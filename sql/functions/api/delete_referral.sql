CREATE OR REPLACE FUNCTION affiliate_api.delete_referral(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_user affiliate_private.referred_user;
BEGIN
  -- Exclusive, because the conversions may belong to several customers.
  PERFORM affiliate_private.lock_inputs(delete_referral.p_project_id, true);
  v_user := affiliate_private.find_referral(delete_referral.p_project_id, delete_referral.p_args ->> 'email');
  PERFORM affiliate_private.delete_conversion(c.project_id, c.conversion_id)
  FROM affiliate_private.conversion AS c
  WHERE c.project_id = v_user.project_id AND c.referred_user_id = v_user.referred_user_id AND c.deleted_at IS NULL;
  UPDATE affiliate_private.referred_user AS r SET deleted_at = clock_timestamp()
  WHERE r.project_id = v_user.project_id AND r.referred_user_id = v_user.referred_user_id;
  -- Who comes back under this email comes as a new person: earlier touches end here.
  INSERT INTO affiliate_private.referral_link (project_id, email_key, effective_at, affiliate_id)
  VALUES (v_user.project_id, v_user.email_key, clock_timestamp(), NULL);
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affiliate_api.delete_referral(bigint, jsonb) IS 'DELETE /api/v1/referrals/:email';

SELECT affiliate_private.declare_endpoint('delete_referral', $json${
  "method": "DELETE", "path": "/api/v1/referrals/:email", "status": 204, "scope": "write",
  "summary": "Delete a referral",
  "description": "Delete a referred user and the conversions of that user. Unpaid commissions are taken back; what was paid stays in the ledger.",
  "parameters": {
    "email": {"in": "path", "type": "string", "format": "email", "required": true, "description": "Email address of the referred user"}
  }
}$json$);
