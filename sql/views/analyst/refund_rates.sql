CREATE OR REPLACE VIEW affiliate.refund_rates WITH (security_barrier) AS
SELECT p.project_id, v.*
FROM affiliate_private.visible_project AS p
CROSS JOIN LATERAL (
  SELECT c.affiliate_id, date_trunc('month', c.occurred_at AT TIME ZONE 'UTC')::date AS month, count(*) AS purchases,
         count(*) FILTER (WHERE c.refunded_minor > 0) AS refunded_purchases,
         round(count(*) FILTER (WHERE c.refunded_minor > 0) / count(*)::numeric, 4) AS refund_rate,
         count(*) FILTER (WHERE k.clawed_minor > 0) AS clawed_back_purchases,
         round(count(*) FILTER (WHERE k.clawed_minor > 0) / count(*)::numeric, 4) AS clawback_rate, p.currency,
         affiliate_private.money_decimal(sum(c.commission_minor)::bigint, p.currency) AS commission,
         affiliate_private.money_decimal(sum(affiliate_private.reversed_minor(c))::bigint, p.currency) AS reversed_commission,
         affiliate_private.money_decimal(coalesce(sum(k.clawed_minor), 0)::bigint, p.currency) AS clawed_back_commission
  FROM (SELECT p.*) AS p
  JOIN affiliate_private.conversion AS c ON c.project_id = p.project_id AND c.type = 'purchase' AND c.affiliate_id IS NOT NULL AND c.deleted_at IS NULL
  -- A clawback is what refunds took off a commission that had been paid out.
  LEFT JOIN (
    SELECT r.project_id, r.conversion_id, -sum(r.amount_minor) AS clawed_minor
    FROM affiliate_private.ledger_entry AS r
    JOIN (SELECT o.project_id, o.conversion_id, min(o.entry_id) AS entry_id FROM affiliate_private.ledger_entry AS o
          WHERE o.kind = 'payout' GROUP BY o.project_id, o.conversion_id) AS f ON f.project_id = r.project_id AND f.conversion_id = r.conversion_id
    WHERE r.kind = 'refund' AND r.entry_id > f.entry_id
    GROUP BY r.project_id, r.conversion_id) AS k ON k.project_id = c.project_id AND k.conversion_id = c.conversion_id
  GROUP BY c.project_id, c.affiliate_id, date_trunc('month', c.occurred_at AT TIME ZONE 'UTC'), p.currency
  OFFSET 0) AS v;
COMMENT ON VIEW affiliate.refund_rates IS 'How much of each month''s referred sales was refunded, before and after the commission was paid out.';
COMMENT ON COLUMN affiliate.refund_rates.project_id IS 'The affiliate program.';
COMMENT ON COLUMN affiliate.refund_rates.affiliate_id IS 'Who is credited with the sales.';
COMMENT ON COLUMN affiliate.refund_rates.month IS 'First UTC day of the month of the sales (not of the refunds).';
COMMENT ON COLUMN affiliate.refund_rates.purchases IS 'Sales of the month.';
COMMENT ON COLUMN affiliate.refund_rates.refunded_purchases IS 'Those refunded in part or in full by now.';
COMMENT ON COLUMN affiliate.refund_rates.refund_rate IS 'refunded_purchases / purchases, 0 to 1.';
COMMENT ON COLUMN affiliate.refund_rates.clawed_back_purchases IS 'Those of which commission was taken back after it had been paid out.';
COMMENT ON COLUMN affiliate.refund_rates.clawback_rate IS 'clawed_back_purchases / purchases, 0 to 1.';
COMMENT ON COLUMN affiliate.refund_rates.currency IS 'ISO 4217 code of the amounts: the project''s currency.';
COMMENT ON COLUMN affiliate.refund_rates.commission IS 'What the sales pay, before refunds.';
COMMENT ON COLUMN affiliate.refund_rates.reversed_commission IS 'What refunds have taken back, clawbacks included.';
COMMENT ON COLUMN affiliate.refund_rates.clawed_back_commission IS 'The part of it that had been paid out already.';
