SELECT e.name, CASE WHEN c.oid IS NULL THEN 'the constraint is missing' ELSE 'the constraint is not validated' END
  FROM pg_catalog.unnest($1) AS e (name)
  LEFT JOIN (pg_catalog.pg_constraint AS c
             JOIN pg_catalog.pg_namespace AS n ON n.oid = c.connamespace AND n.nspname = 'affiliate_private') ON c.conname = e.name
 WHERE c.oid IS NULL OR NOT c.convalidated
 ORDER BY 1
