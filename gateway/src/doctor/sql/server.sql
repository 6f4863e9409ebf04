SELECT 'version'::text, 'Postgres ' || pg_catalog.current_setting('server_version') || ' is older than 15'
 WHERE pg_catalog.current_setting('server_version_num')::integer < 150000
UNION ALL
SELECT 'encoding', 'the database is encoded in ' || pg_catalog.current_setting('server_encoding') || ' and not in UTF8'
 WHERE pg_catalog.current_setting('server_encoding') <> 'UTF8'
UNION ALL
SELECT 'writes', 'it takes none: it is a standby'
 WHERE pg_catalog.pg_is_in_recovery()
UNION ALL
SELECT 'writes', 'it takes none from this login: default_transaction_read_only is on'
 WHERE pg_catalog.current_setting('default_transaction_read_only') = 'on'
UNION ALL
SELECT 'isolation', pg_catalog.format('default_transaction_isolation is %s for %s, and has to be read committed', i.level, i.whose)
  FROM (SELECT pg_catalog.current_setting('default_transaction_isolation'), 'this login'
         UNION
        -- What gateways log in as, which need not be this one.
        SELECT pg_catalog.split_part(c.setting, '=', 2), pg_catalog.quote_ident(r.rolname)
          FROM pg_catalog.pg_db_role_setting AS s
          JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole AND r.rolname <> SESSION_USER AND NOT r.rolsuper
          JOIN pg_catalog.pg_roles AS g ON g.rolname = 'affiliate_gateway' AND pg_catalog.pg_has_role(r.oid, g.oid, 'USAGE')
         CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c (setting)
         WHERE s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()))
           AND pg_catalog.starts_with(c.setting, 'default_transaction_isolation=')) AS i (level, whose)
 WHERE i.level <> 'read committed'
UNION ALL
SELECT 'replication', pg_catalog.format('nobody reads slot %I, which keeps %s of write-ahead log', s.slot_name, pg_catalog.pg_size_pretty(k.kept))
  FROM pg_catalog.pg_replication_slots AS s
 CROSS JOIN LATERAL (SELECT pg_catalog.pg_wal_lsn_diff(
          CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END, s.restart_lsn)) AS k (kept)
 WHERE NOT s.active AND s.wal_status <> 'lost' AND k.kept > 1073741824
UNION ALL
SELECT 'autovacuum', 'autovacuum is off'
 WHERE pg_catalog.current_setting('autovacuum') = 'off' OR pg_catalog.current_setting('track_counts') = 'off'
UNION ALL
SELECT 'transaction ids', pg_catalog.format('%s of 2147 million used: autovacuum does not keep up', pg_catalog.age(d.datfrozenxid) / 1000000)
  FROM pg_catalog.pg_database AS d
 WHERE d.datname = pg_catalog.current_database() AND pg_catalog.age(d.datfrozenxid) > 1000000000
UNION ALL
SELECT 'connections', pg_catalog.format('%s of %s are in use', c.used, c.allowed)
  FROM (SELECT pg_catalog.count(*) AS used, pg_catalog.current_setting('max_connections')::integer AS allowed
          FROM pg_catalog.pg_stat_activity AS a WHERE a.backend_type = 'client backend') AS c
 WHERE c.used > c.allowed * 0.9
