CREATE OR REPLACE FUNCTION affiliate_api.set_affiliate_parent(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_args      jsonb := set_affiliate_parent.p_args;
  v_affiliate affiliate_private.affiliate := affiliate_private.find_affiliate(set_affiliate_parent.p_project_id, v_args ->> 'email');
  v_parent_id bigint;
BEGIN
  IF v_args ->> 'parent_email' IS NOT NULL THEN
    v_parent_id := (affiliate_private.find_affiliate(set_affiliate_parent.p_project_id, v_args ->> 'parent_email')).affiliate_id;
  END IF;
  PERFORM affiliate.set_affiliate_parent(v_affiliate.project_id, v_affiliate.affiliate_id, v_parent_id);
  RETURN affiliate_private.data_json(affiliate_private.affiliate_parent_json(v_affiliate));
END
$$;
COMMENT ON FUNCTION affiliate_api.set_affiliate_parent(bigint, jsonb) IS 'PUT /api/v1/affiliates/:email/parent';

SELECT affiliate_private.declare_endpoint('set_affiliate_parent', $json${
  "method": "PUT", "path": "/api/v1/affiliates/:email/parent", "status": 200, "scope": "write", "response": "AffiliateParent",
  "summary": "Set an affiliate's parent",
  "description": "The parent earns the project's second tier on this affiliate's sales from now on; null ends it.",
  "parameters": {
    "email": {"in": "path", "type": "string", "format": "email", "required": true, "description": "Email address of the affiliate"},
    "parent_email": {"in": "body", "type": "string", "format": "email", "required": true, "nullable": true, "description": "Email address of the parent, null for nobody"}
  }
}$json$);
