CREATE OR REPLACE FUNCTION affiliate_private.verify_clicks(p_project_id bigint) RETURNS TABLE (check_name text, subject text, expected text, actual text)
LANGUAGE sql STABLE AS $$
  SELECT 'clicks from visits', 'affiliate ' || b.affiliate_id, coalesce(x.clicks, 0)::text, b.clicks::text
  FROM affiliate_private.affiliate_balance AS b
  LEFT JOIN (
    SELECT k.affiliate_id, sum(k.clicks) AS clicks
    FROM (SELECT v.affiliate_id, 1 AS clicks FROM affiliate_private.visit AS v
          WHERE v.project_id = verify_clicks.p_project_id AND v.kind = 'click' AND v.ignored_reason IS NULL
          UNION ALL
          SELECT d.affiliate_id, d.clicks FROM affiliate_private.visit_day AS d WHERE d.project_id = verify_clicks.p_project_id) AS k
    GROUP BY k.affiliate_id) AS x ON x.affiliate_id = b.affiliate_id
  WHERE b.project_id = verify_clicks.p_project_id AND coalesce(x.clicks, 0) <> b.clicks
$$;
COMMENT ON FUNCTION affiliate_private.verify_clicks(bigint) IS 'Differences between the counted clicks and the visits they come from.';
