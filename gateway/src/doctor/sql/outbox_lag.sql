SELECT pg_catalog.format('project %s, %s', l.project_id, l.what),
       pg_catalog.format('%s late, the oldest due since %s', pg_catalog.count(*), pg_catalog.min(l.due_at)::timestamptz(0))
  FROM (SELECT d.project_id, 'webhooks' AS what, coalesce(d.next_attempt_at, d.created_at) AS due_at
          FROM affiliate_private.webhook_delivery AS d WHERE d.status = 'pending'
        UNION ALL
        SELECT c.project_id, 'calls of the provider', c.next_attempt_at
          FROM affiliate_private.provider_call AS c WHERE c.status = 'pending') AS l
 WHERE l.due_at < pg_catalog.now() - pg_catalog.make_interval(secs => $1::bigint)
 GROUP BY l.project_id, l.what
 ORDER BY l.project_id, l.what
