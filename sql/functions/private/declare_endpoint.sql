CREATE OR REPLACE FUNCTION affiliate_private.declare_endpoint(p_function_name text, p_declaration json) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF to_regprocedure(format('affiliate_api.%I(bigint, jsonb)', declare_endpoint.p_function_name)) IS NULL THEN
    RAISE EXCEPTION 'endpoint function affiliate_api.%(bigint, jsonb) does not exist', declare_endpoint.p_function_name;
  END IF;
  INSERT INTO affiliate_private.endpoint AS e (function_name, method, path, success_status, scope, summary, description, tool_name, parameters, response, body_schema)
  VALUES (declare_endpoint.p_function_name, declare_endpoint.p_declaration ->> 'method', declare_endpoint.p_declaration ->> 'path',
          (declare_endpoint.p_declaration ->> 'status')::integer, declare_endpoint.p_declaration ->> 'scope',
          declare_endpoint.p_declaration ->> 'summary', declare_endpoint.p_declaration ->> 'description',
          declare_endpoint.p_declaration ->> 'tool', coalesce(declare_endpoint.p_declaration -> 'parameters', '{}'),
          declare_endpoint.p_declaration ->> 'response', declare_endpoint.p_declaration -> 'body')
  ON CONFLICT ON CONSTRAINT endpoint_pkey DO UPDATE
    SET method = excluded.method, path = excluded.path, success_status = excluded.success_status, scope = excluded.scope,
        summary = excluded.summary, description = excluded.description, tool_name = excluded.tool_name, parameters = excluded.parameters,
        response = excluded.response, body_schema = excluded.body_schema;
  PERFORM pg_notify('affiliate_catalog', '');
END
$$;
COMMENT ON FUNCTION affiliate_private.declare_endpoint(text, json) IS 'Publishes a function of affiliate_api as a REST endpoint: {"method","path","status","scope","summary","description","tool","parameters","response","body"}. Running gateways reload.';

CREATE OR REPLACE FUNCTION affiliate_private.declare_schema(p_schema_name text, p_schema json) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  INSERT INTO affiliate_private.api_schema AS s (schema_name, schema) VALUES (declare_schema.p_schema_name, declare_schema.p_schema)
  ON CONFLICT ON CONSTRAINT api_schema_pkey DO UPDATE SET schema = excluded.schema;
  PERFORM pg_notify('affiliate_catalog', '');
END
$$;
COMMENT ON FUNCTION affiliate_private.declare_schema(text, json) IS 'Names a JSON schema (OpenAPI 3.1) that endpoints answer with. Running gateways reload.';
