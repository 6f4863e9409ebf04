SELECT e.name, CASE WHEN t.oid IS NULL THEN 'the trigger is missing' ELSE 'the trigger is disabled' END
  FROM pg_catalog.unnest($1) AS e (name)
  LEFT JOIN (pg_catalog.pg_trigger AS t
             JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
             JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = 'affiliate_private') ON t.tgname = e.name
 WHERE t.oid IS NULL OR t.tgenabled NOT IN ('O', 'A')
 ORDER BY 1
