CREATE OR REPLACE VIEW affiliate.signup_cohorts WITH (security_barrier) AS
SELECT p.project_id, v.*
FROM affiliate_private.visible_project AS p
CROSS JOIN LATERAL (
  SELECT s.signup_month, s.signups, m.months_since, coalesce(m.buyers, 0) AS buyers, coalesce(m.purchases, 0) AS purchases, p.currency,
         affiliate_private.money_decimal(coalesce(m.revenue_minor, 0)::bigint, p.currency) AS revenue,
         affiliate_private.money_decimal(coalesce(m.commission_minor, 0)::bigint, p.currency) AS commission
  FROM (SELECT p.*) AS p
  JOIN (
    SELECT r.project_id, date_trunc('month', least(r.created_at, r.conversion_date) AT TIME ZONE 'UTC')::date AS signup_month, count(*) AS signups
    FROM affiliate_private.referred_user AS r
    WHERE r.affiliate_id IS NOT NULL AND r.deleted_at IS NULL
    GROUP BY r.project_id, date_trunc('month', least(r.created_at, r.conversion_date) AT TIME ZONE 'UTC')) AS s ON s.project_id = p.project_id
  LEFT JOIN (
    SELECT b.project_id, b.signup_month, b.months_since, count(DISTINCT b.referred_user_id) AS buyers, count(*) AS purchases,
           sum(b.revenue_minor) AS revenue_minor, sum(b.earned_minor) AS commission_minor
    FROM (
      SELECT r.project_id, r.referred_user_id, date_trunc('month', least(r.created_at, r.conversion_date) AT TIME ZONE 'UTC')::date AS signup_month,
             ((extract(year FROM c.occurred_at AT TIME ZONE 'UTC') - extract(year FROM least(r.created_at, r.conversion_date) AT TIME ZONE 'UTC')) * 12
              + extract(month FROM c.occurred_at AT TIME ZONE 'UTC') - extract(month FROM least(r.created_at, r.conversion_date) AT TIME ZONE 'UTC'))::integer AS months_since,
             affiliate_kernel.line_commission(c.base_minor, 1000000, 0, c.fx_ppb) AS revenue_minor,
             c.commission_minor - affiliate_private.reversed_minor(c) AS earned_minor
      FROM affiliate_private.referred_user AS r
      JOIN affiliate_private.conversion AS c ON c.project_id = r.project_id AND c.referred_user_id = r.referred_user_id
      WHERE r.affiliate_id IS NOT NULL AND r.deleted_at IS NULL AND c.affiliate_id IS NOT NULL AND c.type = 'purchase' AND c.deleted_at IS NULL) AS b
    GROUP BY b.project_id, b.signup_month, b.months_since) AS m ON m.project_id = s.project_id AND m.signup_month = s.signup_month
  OFFSET 0) AS v;
COMMENT ON VIEW affiliate.signup_cohorts IS 'Referred people by the month they signed up, or first bought where that was earlier, and what they bought in each month from then on; a month without a sale has no row, a cohort without any has one with months_since NULL.';
COMMENT ON COLUMN affiliate.signup_cohorts.project_id IS 'The affiliate program.';
COMMENT ON COLUMN affiliate.signup_cohorts.signup_month IS 'First UTC day of the month of the cohort.';
COMMENT ON COLUMN affiliate.signup_cohorts.signups IS 'How many referred people are in the cohort.';
COMMENT ON COLUMN affiliate.signup_cohorts.months_since IS 'Calendar months (UTC) from the cohort''s month to that of the sales.';
COMMENT ON COLUMN affiliate.signup_cohorts.buyers IS 'How many of them bought in that month.';
COMMENT ON COLUMN affiliate.signup_cohorts.purchases IS 'How often.';
COMMENT ON COLUMN affiliate.signup_cohorts.currency IS 'ISO 4217 code of the amounts: the project''s currency.';
COMMENT ON COLUMN affiliate.signup_cohorts.revenue IS 'Commission base of those sales, converted at the rate of each sale.';
COMMENT ON COLUMN affiliate.signup_cohorts.commission IS 'What those sales pay, refunds taken off.';
