SELECT pg_catalog.format('%s (%s)', t.what, t.who), pg_catalog.format('since %s', t.since::timestamptz(0))
  FROM (SELECT 'backend ' || a.pid AS what, pg_catalog.concat_ws(', ', a.usename, nullif(a.application_name, '')) AS who, a.xact_start AS since
          FROM pg_catalog.pg_stat_activity AS a
         WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid() AND a.backend_type = 'client backend'
        UNION ALL
        SELECT 'prepared transaction ' || x.gid, x.owner::text, x.prepared FROM pg_catalog.pg_prepared_xacts AS x
         WHERE x.database = pg_catalog.current_database()) AS t
 WHERE t.since < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $1::bigint)
 ORDER BY t.since
