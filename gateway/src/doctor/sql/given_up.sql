SELECT pg_catalog.format('project %s, %s', l.project_id, l.what), pg_catalog.format('%s given up in the last day', pg_catalog.count(*))
  FROM (SELECT d.project_id, 'webhooks' AS what, d.settled_at
          FROM affiliate_private.webhook_delivery AS d WHERE d.status = 'dead'
        UNION ALL
        SELECT c.project_id, 'calls of ' || c.provider, c.settled_at
          FROM affiliate_private.provider_call AS c WHERE c.status = 'dead') AS l
 WHERE l.settled_at > pg_catalog.now() - interval '1 day'
 GROUP BY l.project_id, l.what
 ORDER BY l.project_id, l.what
