CREATE OR REPLACE FUNCTION affiliate_api.delete_commission_level(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM affiliate.delete_level(delete_commission_level.p_project_id, (delete_commission_level.p_args ->> 'id')::bigint);
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affiliate_api.delete_commission_level(bigint, jsonb) IS 'DELETE /api/v1/commission-levels/:id';

SELECT affiliate_private.declare_endpoint('delete_commission_level', $json${
  "method": "DELETE", "path": "/api/v1/commission-levels/:id", "status": 204, "scope": "write",
  "summary": "Delete a commission level",
  "description": "Nobody reaches it any more; affiliates who have it keep it until they are given another.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the level"}
  }
}$json$);
