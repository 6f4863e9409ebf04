-- Only where the product's roles are in use.
WITH shared AS (
  SELECT FROM pg_catalog.pg_namespace AS n
   WHERE n.nspname = 'affiliate_private' AND pg_catalog.pg_get_userbyid(n.nspowner) = 'affiliate_owner'
), function AS (
  SELECT p.oid, n.nspname FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
   WHERE n.nspname IN ('affiliate', 'affiliate_api', 'affiliate_private')
)
SELECT 'affiliate_gateway'::text, 'may not use schema affiliate_api'::text
  FROM shared WHERE NOT pg_catalog.has_schema_privilege('affiliate_gateway', 'affiliate_api', 'USAGE')
UNION ALL
SELECT 'affiliate_gateway', 'may not execute ' || f.oid::pg_catalog.regprocedure
  FROM shared CROSS JOIN function AS f
 WHERE f.nspname = 'affiliate_api' AND NOT pg_catalog.has_function_privilege('affiliate_gateway', f.oid, 'EXECUTE')
UNION ALL
SELECT 'affiliate_analyst', 'may not read ' || c.oid::pg_catalog.regclass
  FROM shared CROSS JOIN pg_catalog.pg_class AS c
 WHERE c.relnamespace = 'affiliate'::pg_catalog.regnamespace AND c.relkind = 'v'
   AND NOT pg_catalog.has_table_privilege('affiliate_analyst', c.oid, 'SELECT')
UNION ALL
SELECT r.role, 'may read or write ' || c.oid::pg_catalog.regclass
  FROM shared CROSS JOIN (VALUES ('affiliate_gateway'), ('affiliate_analyst'), ('public')) AS r (role)
  CROSS JOIN pg_catalog.pg_class AS c
 WHERE c.relnamespace = 'affiliate_private'::pg_catalog.regnamespace AND c.relkind IN ('r', 'p', 'v')
   AND pg_catalog.has_table_privilege(r.role, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
LIMIT 20
