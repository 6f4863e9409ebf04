CREATE OR REPLACE FUNCTION affiliate_api.get_conversion(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT affiliate_private.data_json(affiliate_private.conversion_json(
    affiliate_private.find_conversion(get_conversion.p_project_id, (get_conversion.p_args ->> 'id')::bigint),
    affiliate_private.project_currency(get_conversion.p_project_id)))
$$;
COMMENT ON FUNCTION affiliate_api.get_conversion(bigint, jsonb) IS 'GET /api/v1/conversions/:id';

SELECT affiliate_private.declare_endpoint('get_conversion', $json${
  "method": "GET", "path": "/api/v1/conversions/:id", "status": 200, "scope": "read", "tool": "get_conversion", "response": "Conversion",
  "summary": "Retrieve a conversion",
  "description": "Get a specific conversion by ID.",
  "parameters": {
    "id": {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the conversion"}
  }
}$json$);
