-- Bounded whatever the backlog: no more than 10,000 of each are looked at.
CREATE OR REPLACE FUNCTION affiliate_api.read_figures(
  OUT deliveries_pending bigint, OUT deliveries_late_seconds bigint,
  OUT calls_pending bigint, OUT calls_late_seconds bigint, OUT events_parked bigint,
  OUT schema_version integer, OUT profile text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT d.pending, d.late_seconds, c.pending, c.late_seconds,
         (SELECT count(*) FROM (SELECT FROM affiliate_private.provider_event AS e WHERE e.outcome = 'parked' LIMIT 10000) AS x),
         i.schema_version, i.profile
    FROM affiliate_private.install AS i
    CROSS JOIN (SELECT count(*) AS pending, greatest(0, extract(epoch FROM now() - min(x.due_at)))::bigint AS late_seconds
                  FROM (SELECT coalesce(w.next_attempt_at, w.created_at) AS due_at
                          FROM affiliate_private.webhook_delivery AS w WHERE w.status = 'pending' LIMIT 10000) AS x) AS d
    CROSS JOIN (SELECT count(*) AS pending, greatest(0, extract(epoch FROM now() - min(x.next_attempt_at)))::bigint AS late_seconds
                  FROM (SELECT p.next_attempt_at FROM affiliate_private.provider_call AS p WHERE p.status = 'pending' LIMIT 10000) AS x) AS c
$$;
COMMENT ON FUNCTION affiliate_api.read_figures() IS 'What a gateway tells its monitoring: backlog and lateness of what is sent, parked events, schema version and kernels.';
