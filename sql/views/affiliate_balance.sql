CREATE OR REPLACE VIEW affiliate_private.affiliate_balance AS
SELECT a.project_id, a.affiliate_id,
       (coalesce(b.total_minor, 0) + d.total_minor)::bigint AS total_minor,
       (coalesce(b.total_minor, 0) + d.total_minor - held.minor - coalesce(b.paid_minor, 0) - d.paid_minor)::bigint AS eligible_minor,
       held.minor AS held_minor,
       (coalesce(b.paid_minor, 0) + d.paid_minor)::bigint AS paid_minor,
       least(n.release_at, m.release_at) AS next_release_at,
       coalesce(b.clicks, 0) + d.clicks AS clicks,
       coalesce(b.signups, 0) + d.signups AS signups,
       coalesce(b.purchases, 0) + d.purchases AS purchases,
       t.at AS as_of
FROM affiliate_private.affiliate AS a
LEFT JOIN affiliate_private.balance AS b ON b.project_id = a.project_id AND b.affiliate_id = a.affiliate_id
-- Never look back behind the last fold: holds released by then are gone from balance_hold.
CROSS JOIN LATERAL (SELECT greatest(statement_timestamp(), b.folded_at) AS at) AS t
CROSS JOIN LATERAL (
  SELECT coalesce(sum(u.total_minor), 0)::bigint AS total_minor, coalesce(sum(u.paid_minor), 0)::bigint AS paid_minor,
         coalesce(sum(u.total_minor) FILTER (WHERE u.release_at > t.at), 0)::bigint AS held_minor,
         coalesce(sum(u.clicks), 0)::bigint AS clicks, coalesce(sum(u.signups), 0)::bigint AS signups, coalesce(sum(u.purchases), 0)::bigint AS purchases
  FROM affiliate_private.balance_delta AS u
  WHERE u.project_id = a.project_id AND u.affiliate_id = a.affiliate_id
) AS d
CROSS JOIN LATERAL (
  SELECT coalesce(sum(h.amount_minor), 0)::bigint AS minor
  FROM affiliate_private.balance_hold AS h
  WHERE h.project_id = a.project_id AND h.affiliate_id = a.affiliate_id AND h.release_at <= t.at
) AS released
CROSS JOIN LATERAL (SELECT (coalesce(b.held_minor, 0) - released.minor + d.held_minor)::bigint AS minor) AS held
LEFT JOIN LATERAL (
  SELECT h.release_at
  FROM affiliate_private.balance_hold AS h
  WHERE h.project_id = a.project_id AND h.affiliate_id = a.affiliate_id AND h.release_at > t.at
    AND h.amount_minor + (SELECT coalesce(sum(v.total_minor), 0) FROM affiliate_private.balance_delta AS v
                          WHERE v.project_id = a.project_id AND v.affiliate_id = a.affiliate_id AND v.release_at = h.release_at) <> 0
  ORDER BY h.release_at LIMIT 1
) AS n ON true
-- A release time known from deltas alone.
LEFT JOIN LATERAL (
  SELECT v.release_at
  FROM affiliate_private.balance_delta AS v
  WHERE v.project_id = a.project_id AND v.affiliate_id = a.affiliate_id AND v.release_at > t.at
  GROUP BY v.release_at
  HAVING sum(v.total_minor) <> 0
     AND NOT EXISTS (SELECT FROM affiliate_private.balance_hold AS h
                     WHERE h.project_id = a.project_id AND h.affiliate_id = a.affiliate_id AND h.release_at = v.release_at)
  ORDER BY v.release_at LIMIT 1
) AS m ON true;
COMMENT ON VIEW affiliate_private.affiliate_balance IS 'Every affiliate''s balance at this instant: the folded row, the deltas since, and the holds released since; costs the same however long the history.';
