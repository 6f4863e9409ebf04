CREATE OR REPLACE VIEW affiliate.daily_performance WITH (security_barrier) AS
SELECT p.project_id, v.*
FROM affiliate_private.visible_project AS p
CROSS JOIN LATERAL (
  SELECT d.affiliate_id, d.day, sum(d.clicks)::bigint AS clicks, sum(d.signups)::bigint AS signups, sum(d.purchases)::bigint AS purchases,
         p.currency, affiliate_private.money_decimal(sum(d.revenue_minor)::bigint, p.currency) AS revenue,
         affiliate_private.money_decimal(sum(d.commission_minor)::bigint, p.currency) AS commission,
         affiliate_private.money_decimal(sum(d.reversed_minor)::bigint, p.currency) AS reversed_commission
  FROM (SELECT p.*) AS p
  JOIN (
    SELECT c.project_id, c.affiliate_id, (c.occurred_at AT TIME ZONE 'UTC')::date AS day, 0 AS clicks, (c.type = 'signup')::integer AS signups,
           (c.type = 'purchase')::integer AS purchases, affiliate_kernel.line_commission(c.base_minor, 1000000, 0, c.fx_ppb) AS revenue_minor,
           c.commission_minor, affiliate_private.reversed_minor(c) AS reversed_minor
    FROM affiliate_private.conversion AS c WHERE c.affiliate_id IS NOT NULL AND c.deleted_at IS NULL
    UNION ALL
    SELECT v.project_id, v.affiliate_id, (v.visited_at AT TIME ZONE 'UTC')::date, 1, 0, 0, 0, 0, 0
    FROM affiliate_private.visit AS v WHERE v.kind = 'click' AND v.ignored_reason IS NULL
    UNION ALL
    SELECT k.project_id, k.affiliate_id, k.day, k.clicks, 0, 0, 0, 0, 0 FROM affiliate_private.visit_day AS k) AS d ON d.project_id = p.project_id
  GROUP BY d.project_id, d.affiliate_id, d.day, p.currency
  OFFSET 0) AS v;
COMMENT ON VIEW affiliate.daily_performance IS 'What each affiliate brought each day: clicks, sign-ups, sales and what they pay; a day without any of them has no row.';
COMMENT ON COLUMN affiliate.daily_performance.project_id IS 'The affiliate program.';
COMMENT ON COLUMN affiliate.daily_performance.affiliate_id IS 'Who brought it.';
COMMENT ON COLUMN affiliate.daily_performance.day IS 'UTC day, of the sale itself by the payment provider''s clock.';
COMMENT ON COLUMN affiliate.daily_performance.clicks IS 'Visits through the affiliate''s links, without bots and repeats.';
COMMENT ON COLUMN affiliate.daily_performance.signups IS 'Referred sign-ups.';
COMMENT ON COLUMN affiliate.daily_performance.purchases IS 'Sales credited to the affiliate, refunded ones included.';
COMMENT ON COLUMN affiliate.daily_performance.currency IS 'ISO 4217 code of the amounts: the project''s currency.';
COMMENT ON COLUMN affiliate.daily_performance.revenue IS 'Commission base of those sales, converted at the rate of each sale.';
COMMENT ON COLUMN affiliate.daily_performance.commission IS 'What those sales pay, before refunds.';
COMMENT ON COLUMN affiliate.daily_performance.reversed_commission IS 'What refunds of those sales have taken back by now.';
