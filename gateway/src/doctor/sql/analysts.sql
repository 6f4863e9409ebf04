SELECT pg_catalog.format('%s, project %s', g.role_name, g.project_id),
       CASE WHEN r.oid IS NULL THEN 'the role was dropped' ELSE 'the role was dropped and created again since' END
  FROM affiliate_private.analyst_grant AS g
  LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname = g.role_name
 WHERE g.role_oid IS DISTINCT FROM r.oid
 ORDER BY 1
