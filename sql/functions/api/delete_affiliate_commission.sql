CREATE OR REPLACE FUNCTION affiliate_api.delete_affiliate_commission(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_affiliate affiliate_private.affiliate;
BEGIN
  PERFORM affiliate_private.lock_inputs(delete_affiliate_commission.p_project_id, true);
  v_affiliate := affiliate_private.find_affiliate(delete_affiliate_commission.p_project_id, delete_affiliate_commission.p_args ->> 'email');
  PERFORM affiliate_private.find_affiliate_rule(v_affiliate);
  PERFORM affiliate.set_affiliate_commission(v_affiliate.project_id, v_affiliate.affiliate_id);
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affiliate_api.delete_affiliate_commission(bigint, jsonb) IS 'DELETE /api/v1/affiliates/:email/commission';

SELECT affiliate_private.declare_endpoint('delete_affiliate_commission', $json${
  "method": "DELETE", "path": "/api/v1/affiliates/:email/commission", "status": 204, "scope": "write",
  "summary": "Remove an affiliate's own commission",
  "description": "This affiliate earns the commission of the product or the project from now on.",
  "parameters": {
    "email": {"in": "path", "type": "string", "format": "email", "required": true, "description": "Email address of the affiliate"}
  }
}$json$);
