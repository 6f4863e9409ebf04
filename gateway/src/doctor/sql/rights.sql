-- Only where the product's roles are in use.
WITH shared AS (
  SELECT FROM pg_catalog.pg_namespace AS n
   WHERE n.nspname = 'affiliate_private' AND pg_catalog.pg_get_userbyid(n.nspowner) = 'affiliate_owner'
), gateway AS (
  SELECT r.oid FROM shared CROSS JOIN pg_catalog.pg_roles AS r WHERE r.rolname = 'affiliate_gateway'
), analyst AS (
  SELECT r.oid FROM shared CROSS JOIN pg_catalog.pg_roles AS r WHERE r.rolname = 'affiliate_analyst'
), function AS (
  SELECT p.oid FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname = 'affiliate_api'
)
SELECT r.role, 'the role is missing'::text
  FROM shared CROSS JOIN (VALUES ('affiliate_gateway'), ('affiliate_analyst'), ('affiliate_report')) AS r (role)
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS k WHERE k.rolname = r.role::name)
UNION ALL
SELECT 'affiliate_gateway', 'may not use schema affiliate_api'
  FROM gateway AS g WHERE NOT pg_catalog.has_schema_privilege(g.oid, 'affiliate_api', 'USAGE')
UNION ALL
SELECT 'affiliate_gateway', 'may not execute ' || f.oid::pg_catalog.regprocedure
  FROM gateway AS g CROSS JOIN function AS f WHERE NOT pg_catalog.has_function_privilege(g.oid, f.oid, 'EXECUTE')
UNION ALL
SELECT 'affiliate_analyst', 'may not read ' || c.oid::pg_catalog.regclass
  FROM analyst AS a CROSS JOIN pg_catalog.pg_class AS c
 WHERE c.relnamespace = 'affiliate'::pg_catalog.regnamespace AND c.relkind = 'v' AND NOT pg_catalog.has_table_privilege(a.oid, c.oid, 'SELECT')
UNION ALL
SELECT r.role, 'may read or write ' || c.oid::pg_catalog.regclass
  FROM (SELECT g.oid, 'affiliate_gateway' FROM gateway AS g
        UNION ALL SELECT a.oid, 'affiliate_analyst' FROM analyst AS a
        UNION ALL SELECT 0::oid, 'public' FROM shared) AS r (oid, role)
  CROSS JOIN pg_catalog.pg_class AS c
 WHERE c.relnamespace = 'affiliate_private'::pg_catalog.regnamespace AND c.relkind IN ('r', 'p', 'v')
   AND (pg_catalog.has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
        OR pg_catalog.has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE'))
UNION ALL
SELECT 'public', 'may execute ' || p.oid::pg_catalog.regprocedure
  FROM shared CROSS JOIN pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
 WHERE n.nspname IN ('affiliate', 'affiliate_api', 'affiliate_private') AND pg_catalog.has_function_privilege(0::oid, p.oid, 'EXECUTE')
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT 'public', 'may create in schema ' || n.nspname::text
  FROM pg_catalog.pg_namespace AS n
 WHERE n.nspname IN ('affiliate', 'affiliate_api', 'affiliate_private', 'affiliate_kernel', 'affiliate_native')
   AND pg_catalog.has_schema_privilege(0::oid, n.oid, 'CREATE')
LIMIT 20
