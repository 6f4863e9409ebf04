CREATE OR REPLACE FUNCTION affiliate_api.delete_affiliate(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_row affiliate_private.affiliate;
BEGIN
  PERFORM affiliate_private.lock_inputs(delete_affiliate.p_project_id, true);
  v_row := affiliate_private.find_affiliate(delete_affiliate.p_project_id, delete_affiliate.p_args ->> 'email');
  IF EXISTS (SELECT FROM affiliate_private.payout AS o
             WHERE o.project_id = v_row.project_id AND o.affiliate_id = v_row.affiliate_id AND o.status = 'reserved') THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'This affiliate has an open payout: confirm, fail or cancel it first';
  END IF;
  PERFORM affiliate_private.delete_conversion(c.project_id, c.conversion_id)
  FROM affiliate_private.conversion AS c
  WHERE c.project_id = v_row.project_id AND c.affiliate_id = v_row.affiliate_id AND c.deleted_at IS NULL;
  UPDATE affiliate_private.referred_user AS r SET deleted_at = clock_timestamp()
  WHERE r.project_id = v_row.project_id AND r.affiliate_id = v_row.affiliate_id AND r.deleted_at IS NULL;
  UPDATE affiliate_private.affiliate AS a SET deleted_at = clock_timestamp(), status = 'inactive'
  WHERE a.project_id = v_row.project_id AND a.affiliate_id = v_row.affiliate_id;
  PERFORM affiliate_private.delete_coupon(c) FROM affiliate_private.coupon AS c
  WHERE c.project_id = v_row.project_id AND c.affiliate_id = v_row.affiliate_id AND c.deleted_at IS NULL;
  UPDATE affiliate_private.payout_request AS q SET status = 'canceled', reason = 'the affiliate was deleted', decided_at = clock_timestamp()
  WHERE q.project_id = v_row.project_id AND q.affiliate_id = v_row.affiliate_id AND q.status IN ('pending', 'approved');
  PERFORM affiliate_private.own_code(v_row.project_id, 'referral', v_row.referral_code_key, NULL);
  PERFORM affiliate_private.resettle_parent(v_row.project_id, v_row.affiliate_id);
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affiliate_api.delete_affiliate(bigint, jsonb) IS 'DELETE /api/v1/affiliates/:email';

SELECT affiliate_private.declare_endpoint('delete_affiliate', $json${
  "method": "DELETE", "path": "/api/v1/affiliates/:email", "status": 204, "scope": "write", "tool": "delete_affiliate",
  "summary": "Delete an affiliate",
  "description": "Remove an affiliate, its coupons and associated referral data. Unpaid commissions are taken back; what was paid stays in the ledger.",
  "parameters": {
    "email": {"in": "path", "type": "string", "format": "email", "required": true, "description": "Email address of the affiliate"}
  }
}$json$);
