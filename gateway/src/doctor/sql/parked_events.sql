SELECT pg_catalog.format('project %s, %s', e.project_id, e.provider),
       pg_catalog.format('%s parked since %s: %s', pg_catalog.count(*), pg_catalog.min(e.received_at)::timestamptz(0),
                         pg_catalog.min(pg_catalog.left(e.error, 100)))
  FROM affiliate_private.provider_event AS e
 WHERE e.outcome = 'parked'
 GROUP BY e.project_id, e.provider
 ORDER BY e.project_id, e.provider
