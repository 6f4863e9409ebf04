CREATE OR REPLACE VIEW affiliate.webhook_health WITH (security_barrier) AS
SELECT p.project_id, v.*
FROM affiliate_private.visible_project AS p
CROSS JOIN LATERAL (
  SELECT n.endpoint_id, substring(n.url FROM '^https?://(?:[^/@]*@)?([^/?#:]+)') AS host, n.enabled AND n.deleted_at IS NULL AS enabled,
         (d.created_at AT TIME ZONE 'UTC')::date AS day, count(*) AS deliveries, count(*) FILTER (WHERE d.status = 'delivered') AS delivered,
         count(*) FILTER (WHERE d.status = 'pending') AS pending, count(*) FILTER (WHERE d.status = 'dead') AS dead, sum(d.attempts)::bigint AS attempts,
         round(count(*) FILTER (WHERE d.status = 'delivered') / nullif(count(*) FILTER (WHERE d.status <> 'pending'), 0)::numeric, 4) AS success_rate,
         min(d.created_at) FILTER (WHERE d.status = 'pending') AS oldest_pending_at,
         max(d.settled_at) FILTER (WHERE d.status = 'delivered') AS last_delivered_at
  FROM (SELECT p.*) AS p
  JOIN affiliate_private.webhook_endpoint AS n ON n.project_id = p.project_id
  JOIN affiliate_private.webhook_delivery AS d ON d.project_id = n.project_id AND d.endpoint_id = n.endpoint_id
  GROUP BY n.project_id, n.endpoint_id, n.url, n.enabled, n.deleted_at, (d.created_at AT TIME ZONE 'UTC')::date
  OFFSET 0) AS v;
COMMENT ON VIEW affiliate.webhook_health IS 'How deliveries to each webhook endpoint went, by the day they were written.';
COMMENT ON COLUMN affiliate.webhook_health.project_id IS 'The affiliate program.';
COMMENT ON COLUMN affiliate.webhook_health.endpoint_id IS 'The endpoint.';
COMMENT ON COLUMN affiliate.webhook_health.host IS 'Its host; the rest of its address may hold credentials and is not shown.';
COMMENT ON COLUMN affiliate.webhook_health.enabled IS 'Whether deliveries are made to it now.';
COMMENT ON COLUMN affiliate.webhook_health.day IS 'UTC day on which the deliveries were written.';
COMMENT ON COLUMN affiliate.webhook_health.deliveries IS 'Deliveries of that day.';
COMMENT ON COLUMN affiliate.webhook_health.delivered IS 'Those the receiver has taken.';
COMMENT ON COLUMN affiliate.webhook_health.pending IS 'Those still to be sent, or sent again.';
COMMENT ON COLUMN affiliate.webhook_health.dead IS 'Those given up; they can be replayed.';
COMMENT ON COLUMN affiliate.webhook_health.attempts IS 'How often they were sent in all.';
COMMENT ON COLUMN affiliate.webhook_health.success_rate IS 'delivered / (delivered + dead), 0 to 1; NULL while none is settled.';
COMMENT ON COLUMN affiliate.webhook_health.oldest_pending_at IS 'When the oldest pending one was written.';
COMMENT ON COLUMN affiliate.webhook_health.last_delivered_at IS 'When the last one was taken.';
