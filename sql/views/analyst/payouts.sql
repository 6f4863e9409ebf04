CREATE OR REPLACE VIEW affiliate.payouts WITH (security_barrier) AS
SELECT p.project_id, v.*
FROM affiliate_private.visible_project AS p
CROSS JOIN LATERAL (
  SELECT o.payout_id, o.batch_id, o.affiliate_id, affiliate_private.money_decimal(o.amount_minor, o.currency) AS amount, o.currency,
         o.method, o.status, o.reference, o.transaction_id, o.created_at, o.settled_at, o.returned_at
  FROM (SELECT p.*) AS p
  JOIN affiliate_private.payout AS o ON o.project_id = p.project_id
  OFFSET 0) AS v;
COMMENT ON VIEW affiliate.payouts IS 'What each payout batch pays each affiliate; account details are not shown.';
COMMENT ON COLUMN affiliate.payouts.project_id IS 'The affiliate program.';
COMMENT ON COLUMN affiliate.payouts.payout_id IS 'The payout.';
COMMENT ON COLUMN affiliate.payouts.batch_id IS 'The batch it belongs to.';
COMMENT ON COLUMN affiliate.payouts.affiliate_id IS 'Who is paid.';
COMMENT ON COLUMN affiliate.payouts.amount IS 'How much.';
COMMENT ON COLUMN affiliate.payouts.currency IS 'ISO 4217 code of amount: the project''s currency.';
COMMENT ON COLUMN affiliate.payouts.method IS 'paypal, wise, bank_transfer or other.';
COMMENT ON COLUMN affiliate.payouts.status IS 'reserved (in a batch, not settled), paid, failed, canceled, or returned: it came back after it was paid.';
COMMENT ON COLUMN affiliate.payouts.reference IS 'Its unique name in the files for payment providers.';
COMMENT ON COLUMN affiliate.payouts.transaction_id IS 'The payment provider''s id of the transfer, where one was given.';
COMMENT ON COLUMN affiliate.payouts.created_at IS 'When it was reserved.';
COMMENT ON COLUMN affiliate.payouts.settled_at IS 'When it was paid, failed or was canceled; NULL for not yet.';
COMMENT ON COLUMN affiliate.payouts.returned_at IS 'When it came back.';
