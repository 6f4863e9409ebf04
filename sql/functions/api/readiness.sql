CREATE OR REPLACE FUNCTION affiliate_api.readiness() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT row_to_json(x)::text FROM (SELECT 'ready' AS status, i.schema_version AS schema_version, i.profile AS profile FROM affiliate_private.install AS i) AS x
$$;
COMMENT ON FUNCTION affiliate_api.readiness() IS 'Schema version and kernel profile (native or portable) for /readyz.';
