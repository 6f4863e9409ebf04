CREATE OR REPLACE FUNCTION affiliate_private.verify_payouts(p_project_id bigint) RETURNS TABLE (check_name text, subject text, expected text, actual text)
LANGUAGE sql STABLE AS $$
  SELECT 'payout from lines', 'payout ' || o.payout_id, sum(l.amount_minor)::text, o.amount_minor::text
  FROM affiliate_private.payout AS o
  LEFT JOIN affiliate_private.payout_line AS l ON l.project_id = o.project_id AND l.payout_id = o.payout_id AND l.affiliate_id = o.affiliate_id
  WHERE o.project_id = verify_payouts.p_project_id
  GROUP BY o.payout_id, o.amount_minor
  HAVING sum(l.amount_minor) IS DISTINCT FROM o.amount_minor
  UNION ALL
  SELECT 'payout line from status', format('payout %s, conversion %s', o.payout_id, l.conversion_id), o.status,
         concat_ws(' ', CASE WHEN l.reserved THEN 'reserved' END, CASE WHEN l.entry_id IS NOT NULL THEN 'booked' END)
  FROM affiliate_private.payout AS o
  JOIN affiliate_private.payout_line AS l ON l.project_id = o.project_id AND l.payout_id = o.payout_id
  WHERE o.project_id = verify_payouts.p_project_id AND (l.reserved, l.entry_id IS NOT NULL) IS DISTINCT FROM (o.status = 'reserved', o.status IN ('paid', 'returned'))
  UNION ALL
  SELECT 'ledger from payout line', format('payout %s, conversion %s', l.payout_id, l.conversion_id),
         format('%s to affiliate %s', -l.amount_minor, l.affiliate_id), format('%s to affiliate %s (%s)', e.amount_minor, e.affiliate_id, e.kind)
  FROM affiliate_private.payout_line AS l
  LEFT JOIN affiliate_private.ledger_entry AS e ON e.project_id = l.project_id AND e.entry_id = l.entry_id
  WHERE l.project_id = verify_payouts.p_project_id AND l.entry_id IS NOT NULL
    AND (e.kind, e.amount_minor, e.affiliate_id, e.conversion_id) IS DISTINCT FROM ('payout', -l.amount_minor, l.affiliate_id, l.conversion_id)
  UNION ALL
  SELECT 'ledger from returned payout line', format('payout %s, conversion %s', l.payout_id, l.conversion_id),
         format('%s to affiliate %s', l.amount_minor, l.affiliate_id), coalesce(format('%s to affiliate %s (%s)', e.amount_minor, e.affiliate_id, e.kind), 'nothing')
  FROM affiliate_private.payout AS o
  JOIN affiliate_private.payout_line AS l ON l.project_id = o.project_id AND l.payout_id = o.payout_id
  LEFT JOIN affiliate_private.ledger_entry AS e ON e.project_id = l.project_id AND e.entry_id = l.returned_entry_id
  WHERE o.project_id = verify_payouts.p_project_id AND (o.status = 'returned' OR l.returned_entry_id IS NOT NULL)
    AND (e.kind, e.amount_minor, e.affiliate_id, e.conversion_id) IS DISTINCT FROM ('payout', l.amount_minor, l.affiliate_id, l.conversion_id)
$$;
COMMENT ON FUNCTION affiliate_private.verify_payouts(bigint) IS 'Payouts that are not the sum of their lines, lines that do not follow their payout''s status, and lines whose ledger entries are not theirs.';

CREATE OR REPLACE FUNCTION affiliate_private.verify_currencies(p_project_id bigint) RETURNS TABLE (check_name text, subject text, expected text, actual text)
LANGUAGE sql STABLE AS $$
  SELECT 'currency of project', x.subject, p.currency, x.currency
  FROM affiliate_private.project AS p
  JOIN (
    SELECT e.project_id, 'ledger entry ' || e.entry_id AS subject, e.currency FROM affiliate_private.ledger_entry AS e
    UNION ALL
    SELECT o.project_id, 'payout ' || o.payout_id, o.currency FROM affiliate_private.payout AS o
    UNION ALL
    SELECT b.project_id, 'payout batch ' || b.batch_id, b.currency FROM affiliate_private.payout_batch AS b
    UNION ALL
    SELECT r.project_id, 'payout request ' || r.request_id, r.currency FROM affiliate_private.payout_request AS r) AS x ON x.project_id = p.project_id
  WHERE p.project_id = verify_currencies.p_project_id AND x.currency <> p.currency
$$;
COMMENT ON FUNCTION affiliate_private.verify_currencies(bigint) IS 'What is booked, paid or asked for in another currency than the project''s.';
