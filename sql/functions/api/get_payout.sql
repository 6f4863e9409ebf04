CREATE OR REPLACE FUNCTION affiliate_api.get_payout(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN affiliate_private.data_json(affiliate_private.payout_json(affiliate_private.find_payout(get_payout.p_project_id, (get_payout.p_args ->> 'id')::bigint)));
END
$$;
COMMENT ON FUNCTION affiliate_api.get_payout(bigint, jsonb) IS 'GET /api/v1/payouts/:id';

SELECT affiliate_private.declare_endpoint('get_payout', $json${
  "method": "GET", "path": "/api/v1/payouts/:id", "status": 200, "scope": "read", "response": "Payout",
  "summary": "Retrieve a payout",
  "description": "Get what a batch pays one affiliate: how much, where to, and what became of it.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the payout"}
  }
}$json$);
