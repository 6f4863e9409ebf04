SELECT r.rolname::text,
       pg_catalog.concat_ws(', ', CASE WHEN r.rolcanlogin THEN 'can log in' END, CASE WHEN r.rolsuper THEN 'is a superuser' END,
                            CASE WHEN r.rolbypassrls THEN 'bypasses row security' END, CASE WHEN r.rolcreaterole THEN 'may create roles' END)
  FROM pg_catalog.pg_roles AS r
 WHERE r.rolname IN ('affiliate_owner', 'affiliate_gateway', 'affiliate_report', 'affiliate_analyst')
   AND (r.rolcanlogin OR r.rolsuper OR r.rolbypassrls OR r.rolcreaterole)
 ORDER BY 1
