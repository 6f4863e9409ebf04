CREATE OR REPLACE FUNCTION affiliate_api.endpoints()
RETURNS TABLE (function_name text, method text, path text, success_status integer, scope text, summary text, description text, tool_name text, parameters text, response text, body_schema text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT e.function_name, e.method, e.path, e.success_status, e.scope, e.summary, e.description, e.tool_name, e.parameters::text, e.response, e.body_schema::text
  FROM affiliate_private.endpoint AS e
  WHERE to_regprocedure(format('affiliate_api.%I(bigint, jsonb)', e.function_name)) IS NOT NULL
  ORDER BY e.path, e.method
$$;
COMMENT ON FUNCTION affiliate_api.endpoints() IS 'The REST catalogue the gateway builds its router, validation and documentation from.';

CREATE OR REPLACE FUNCTION affiliate_api.schemas() RETURNS TABLE (schema_name text, schema text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.schema_name, s.schema::text FROM affiliate_private.api_schema AS s ORDER BY s.schema_name
$$;
COMMENT ON FUNCTION affiliate_api.schemas() IS 'The JSON schemas that endpoints name as their response.';
