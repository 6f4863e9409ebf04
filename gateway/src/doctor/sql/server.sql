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
SELECT 'isolation', pg_catalog.format('default_transaction_isolation is %s for %I and has to be read committed: RESET it (ALTER DATABASE or ALTER ROLE), and restart the gateways',
                                      i.level, i.login)
  FROM (SELECT r.rolname, pg_catalog.lower(CASE WHEN r.rolname = SESSION_USER THEN pg_catalog.current_setting('default_transaction_isolation') ELSE (
                 -- The narrowest setting counts.
                 SELECT pg_catalog.split_part(c.setting, '=', 2)
                   FROM pg_catalog.pg_db_role_setting AS s
                  CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c (setting)
                  WHERE s.setrole IN (0, r.oid) AND s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()))
                    AND pg_catalog.starts_with(c.setting, 'default_transaction_isolation=')
                  ORDER BY s.setrole = 0, s.setdatabase = 0 LIMIT 1) END)
          FROM pg_catalog.pg_roles AS r
          LEFT JOIN pg_catalog.pg_roles AS g ON g.rolname = 'affiliate_gateway'
         -- What gateways log in as need not be this login.
         WHERE r.rolname = SESSION_USER OR r.rolcanlogin AND NOT r.rolsuper AND pg_catalog.pg_has_role(r.oid, g.oid, 'USAGE')) AS i (login, level)
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
