CREATE OR REPLACE VIEW affiliate.payout_liability WITH (security_barrier) AS
SELECT p.project_id, v.*
FROM affiliate_private.visible_project AS p
CROSS JOIN LATERAL (
  SELECT e.affiliate_id, e.release_on, e.currency, affiliate_private.money_decimal(sum(e.amount_minor)::bigint, e.currency) AS amount
  FROM (SELECT p.*) AS p
  JOIN (
    SELECT l.project_id, l.affiliate_id, l.currency, l.amount_minor,
           CASE WHEN l.release_at > statement_timestamp() THEN (l.release_at AT TIME ZONE 'UTC')::date END AS release_on
    FROM affiliate_private.ledger_entry AS l) AS e ON e.project_id = p.project_id
  GROUP BY e.project_id, e.affiliate_id, e.release_on, e.currency
  HAVING sum(e.amount_minor) <> 0
  OFFSET 0) AS v;
COMMENT ON VIEW affiliate.payout_liability IS 'What is owed to affiliates by the day it becomes payable; the sum is everything earned and not paid.';
COMMENT ON COLUMN affiliate.payout_liability.project_id IS 'The affiliate program.';
COMMENT ON COLUMN affiliate.payout_liability.affiliate_id IS 'Who is owed.';
COMMENT ON COLUMN affiliate.payout_liability.release_on IS 'UTC day on which the amount leaves its hold; NULL for what is payable now.';
COMMENT ON COLUMN affiliate.payout_liability.currency IS 'ISO 4217 code of amount: the project''s currency.';
COMMENT ON COLUMN affiliate.payout_liability.amount IS 'The amount; negative where refunds exceed what is left after payouts.';
