SELECT e.name, 'the view is missing'
  FROM (SELECT DISTINCT u.name FROM pg_catalog.unnest($1) AS u (name)) AS e
 WHERE pg_catalog.to_regclass(e.name) IS NULL
UNION ALL
SELECT c.oid::pg_catalog.regclass::text, 'the view lets conditions see the rows of other projects (security_barrier)'
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname = 'affiliate' AND c.relkind = 'v' AND NOT coalesce('security_barrier=true' = ANY (c.reloptions), false)
 ORDER BY 1
