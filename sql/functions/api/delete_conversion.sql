CREATE OR REPLACE FUNCTION affiliate_api.delete_conversion(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM affiliate_private.lock_inputs(delete_conversion.p_project_id, false);
  PERFORM affiliate_private.delete_conversion(c.project_id, c.conversion_id)
  FROM affiliate_private.lock_conversion(delete_conversion.p_project_id, (delete_conversion.p_args ->> 'id')::bigint) AS c;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affiliate_api.delete_conversion(bigint, jsonb) IS 'DELETE /api/v1/conversions/:id';

SELECT affiliate_private.declare_endpoint('delete_conversion', $json${
  "method": "DELETE", "path": "/api/v1/conversions/:id", "status": 204, "scope": "write", "tool": "delete_conversion",
  "summary": "Delete a conversion",
  "description": "Delete a conversion record. Its commission is taken back with counter-entries; what was paid out stays paid.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the conversion"}
  }
}$json$);
