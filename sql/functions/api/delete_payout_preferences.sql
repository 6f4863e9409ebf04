CREATE OR REPLACE FUNCTION affiliate_api.delete_payout_preferences(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_row affiliate_private.affiliate := affiliate_private.find_affiliate(delete_payout_preferences.p_project_id, delete_payout_preferences.p_args ->> 'email');
BEGIN
  DELETE FROM affiliate_private.payout_preference AS p WHERE p.project_id = v_row.project_id AND p.affiliate_id = v_row.affiliate_id;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affiliate_api.delete_payout_preferences(bigint, jsonb) IS 'DELETE /api/v1/affiliates/:email/payout-preferences';

SELECT affiliate_private.declare_endpoint('delete_payout_preferences', $json${
  "method": "DELETE", "path": "/api/v1/affiliates/:email/payout-preferences", "status": 204, "scope": "owner",
  "summary": "Remove an affiliate's payout preferences",
  "description": "Forget how an affiliate wants to be paid; payouts that are reserved already keep their destination.",
  "parameters": {
    "email": {"in": "path", "type": "string", "format": "email", "required": true, "description": "Email address of the affiliate"}
  }
}$json$);
