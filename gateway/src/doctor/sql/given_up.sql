SELECT pg_catalog.format('project %s, %s', l.project_id, l.what), pg_catalog.format('%s given up in the last day', pg_catalog.count(*))
  FROM (SELECT d.project_id, 'webhooks' AS what, d.settled_at
          FROM affiliate_private.webhook_delivery AS d WHERE d.status = 'dead'
        UNION ALL
        SELECT c.project_id, 'calls of ' || c.provider, c.settled_at
          FROM affiliate_private.provider_call AS c WHERE c.status = 'dead') AS l
 WHERE l.settled_at > pg_catalog.now() - interval '1 day'
 GROUP BY l.project_id, l.what
UNION ALL
SELECT pg_catalog.format('project %s, webhooks', e.project_id), pg_catalog.format('endpoint %s is disabled: %s', e.endpoint_id, e.disabled_reason)
  FROM affiliate_private.webhook_endpoint AS e
 WHERE e.deleted_at IS NULL AND e.disabled_reason IS NOT NULL
 ORDER BY 1, 2
 LIMIT 100
