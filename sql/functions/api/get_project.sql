CREATE OR REPLACE FUNCTION affiliate_api.get_project(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT affiliate_private.data_json(affiliate_private.project_json(get_project.p_project_id, clock_timestamp()))
$$;
COMMENT ON FUNCTION affiliate_api.get_project(bigint, jsonb) IS 'GET /api/v1/project';

SELECT affiliate_private.declare_endpoint('get_project', $json${
  "method": "GET", "path": "/api/v1/project", "status": 200, "scope": "read", "response": "Project",
  "summary": "Retrieve the project",
  "description": "Get the settings of the project the key belongs to."
}$json$);
