SELECT e.name, 'the function is missing'
  FROM (SELECT DISTINCT u.name FROM pg_catalog.unnest($1) AS u (name)) AS e
 WHERE e.name NOT LIKE 'affiliate\_kernel.%'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
                    WHERE n.nspname || '.' || p.proname = e.name)
UNION ALL
SELECT p.oid::pg_catalog.regprocedure::text, 'the function does not run with the rights of its owner'
  FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
 WHERE n.nspname = 'affiliate_api' AND NOT p.prosecdef
 ORDER BY 1
