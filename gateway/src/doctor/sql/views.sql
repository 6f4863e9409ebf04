SELECT e.name, 'the view is missing'
  FROM (SELECT DISTINCT u.name FROM pg_catalog.unnest($1) AS u (name)) AS e
 WHERE pg_catalog.to_regclass(e.name) IS NULL
 ORDER BY 1
