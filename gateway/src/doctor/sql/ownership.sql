WITH product AS (
  SELECT n.oid, n.nspname, n.nspowner, p.nspowner AS owner
    FROM pg_catalog.pg_namespace AS n
    JOIN pg_catalog.pg_namespace AS p ON p.nspname = 'affiliate_private'
   WHERE n.nspname IN ('affiliate', 'affiliate_api', 'affiliate_private', 'affiliate_kernel')
)
SELECT o.name, pg_catalog.format('belongs to %I instead of %I', pg_catalog.pg_get_userbyid(o.owner), pg_catalog.pg_get_userbyid(o.expected))
  FROM (SELECT 'schema ' || s.nspname AS name, s.nspowner AS owner, s.owner AS expected FROM product AS s
        UNION ALL
        SELECT s.nspname || '.' || c.relname, c.relowner, coalesce(r.oid, s.owner)
          FROM pg_catalog.pg_class AS c
          JOIN product AS s ON s.oid = c.relnamespace
          LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname = 'affiliate_report' AND s.nspname = 'affiliate' AND c.relkind = 'v'
                                            AND pg_catalog.pg_get_userbyid(s.owner) = 'affiliate_owner'
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S')
        UNION ALL
        SELECT p.oid::pg_catalog.regprocedure::text, p.proowner, s.owner
          FROM pg_catalog.pg_proc AS p JOIN product AS s ON s.oid = p.pronamespace
         WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                            WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')) AS o
 WHERE o.owner <> o.expected
 ORDER BY 1
 LIMIT 20
