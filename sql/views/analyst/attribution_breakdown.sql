CREATE OR REPLACE VIEW affiliate.attribution_breakdown WITH (security_barrier) AS
SELECT p.project_id, v.*
FROM affiliate_private.visible_project AS p
CROSS JOIN LATERAL (
  SELECT date_trunc('month', c.occurred_at AT TIME ZONE 'UTC')::date AS month, c.type, coalesce(c.attribution_source, 'none') AS attribution_source,
         c.rule_source, count(*) AS conversions, count(DISTINCT c.affiliate_id) AS affiliates, p.currency,
         affiliate_private.money_decimal(sum(affiliate_kernel.line_commission(c.base_minor, 1000000, 0, c.fx_ppb))
           FILTER (WHERE c.affiliate_id IS NOT NULL)::bigint, p.currency) AS revenue,
         affiliate_private.money_decimal(sum(c.commission_minor)::bigint, p.currency) AS commission,
         affiliate_private.money_decimal(sum(affiliate_private.reversed_minor(c))::bigint, p.currency) AS reversed_commission
  FROM (SELECT p.*) AS p
  JOIN affiliate_private.conversion AS c ON c.project_id = p.project_id AND c.deleted_at IS NULL
  GROUP BY c.project_id, date_trunc('month', c.occurred_at AT TIME ZONE 'UTC'), c.type, c.attribution_source, c.rule_source, p.currency
  OFFSET 0) AS v;
COMMENT ON VIEW affiliate.attribution_breakdown IS 'Which evidence credited how many conversions each month, and whose rule paid them.';
COMMENT ON COLUMN affiliate.attribution_breakdown.project_id IS 'The affiliate program.';
COMMENT ON COLUMN affiliate.attribution_breakdown.month IS 'First UTC day of the month.';
COMMENT ON COLUMN affiliate.attribution_breakdown.type IS 'purchase or signup.';
COMMENT ON COLUMN affiliate.attribution_breakdown.attribution_source IS 'Which evidence decided: coupon, metadata, client_reference_id, subscription_metadata, email, manual; none where nobody is credited.';
COMMENT ON COLUMN affiliate.attribution_breakdown.rule_source IS 'Whose commission rule applied: affiliate, product, level, project, mixed, or none. That of a commission set by hand is the one it replaced.';
COMMENT ON COLUMN affiliate.attribution_breakdown.conversions IS 'How many conversions.';
COMMENT ON COLUMN affiliate.attribution_breakdown.affiliates IS 'How many affiliates they are credited to.';
COMMENT ON COLUMN affiliate.attribution_breakdown.currency IS 'ISO 4217 code of the amounts: the project''s currency.';
COMMENT ON COLUMN affiliate.attribution_breakdown.revenue IS 'Commission base, converted at the rate of each sale; NULL where nobody is credited, since such sales are not converted.';
COMMENT ON COLUMN affiliate.attribution_breakdown.commission IS 'What they pay, before refunds.';
COMMENT ON COLUMN affiliate.attribution_breakdown.reversed_commission IS 'What refunds have taken back.';
