SELECT 'pg_affiliate'::text,
       CASE WHEN e.oid IS NULL THEN 'the native kernels are in use and the extension is gone'
            ELSE pg_catalog.format('version %s is installed and the server has %s', e.extversion, a.default_version) END
  FROM affiliate_private.install AS i
  LEFT JOIN pg_catalog.pg_extension AS e ON e.extname = 'pg_affiliate'
  LEFT JOIN pg_catalog.pg_available_extensions AS a ON a.name = 'pg_affiliate'
 WHERE (i.profile = 'native' AND e.oid IS NULL) OR e.extversion <> a.default_version
UNION ALL
SELECT 'pgcrypto', 'the extension is missing: nothing that needs a key or a code can be made'
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_extension AS e WHERE e.extname = 'pgcrypto')
