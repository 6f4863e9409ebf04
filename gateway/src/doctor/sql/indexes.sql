SELECT e.name,
       CASE WHEN i.indexrelid IS NULL THEN 'the index is missing'
            ELSE 'the index is not valid: it was being built when something went wrong' END
  FROM pg_catalog.unnest($1) AS e (name)
  LEFT JOIN (pg_catalog.pg_class AS c
             JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = 'affiliate_private'
             JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid) ON c.relname = e.name
 WHERE i.indexrelid IS NULL OR NOT i.indisvalid
 ORDER BY 1
