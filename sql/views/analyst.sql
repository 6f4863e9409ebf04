-- What analysts read. Each view is a security barrier over visible_project, which looks at who is asking, never at a setting.
-- A barrier alone lets conditions with leakproof operators (most of = and <) be tried on hidden rows, and EXPLAIN says of how many
-- they were true. OFFSET 0 keeps them out: first the rows of a visible project are found, then anything else is asked of them.

CREATE OR REPLACE VIEW affiliate_private.visible_project WITH (security_barrier) AS
SELECT p.project_id, p.name, p.currency, p.created_at
FROM affiliate_private.project AS p
WHERE EXISTS (SELECT FROM affiliate_private.analyst_grant AS g
               WHERE g.project_id = p.project_id AND g.role_name = current_user
                 AND g.role_oid = (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user))
   OR pg_has_role(current_user, (SELECT c.relowner FROM pg_catalog.pg_class AS c WHERE c.oid = 'affiliate_private.project'::regclass), 'USAGE')
OFFSET 0;
COMMENT ON VIEW affiliate_private.visible_project IS 'Projects granted to the current role; all of them for the owner.';

CREATE OR REPLACE VIEW affiliate.affiliates WITH (security_barrier) AS
SELECT p.project_id, v.*
FROM affiliate_private.visible_project AS p
CROSS JOIN LATERAL (
  SELECT a.affiliate_id, a.email, a.referral_code, a.status, a.created_at, p.currency,
         affiliate_private.money_decimal(b.total_minor, p.currency) AS total_earnings,
         affiliate_private.money_decimal(b.eligible_minor, p.currency) AS eligible_earnings,
         affiliate_private.money_decimal(b.held_minor, p.currency) AS held_earnings,
         affiliate_private.money_decimal(b.paid_minor, p.currency) AS paid_earnings,
         b.next_release_at, b.clicks, b.signups, b.purchases,
         affiliate_private.money_decimal(b.eligible_minor + b.held_minor, p.currency) AS unpaid_earnings
  FROM (SELECT p.*) AS p
  JOIN affiliate_private.affiliate AS a ON a.project_id = p.project_id AND a.deleted_at IS NULL
  JOIN affiliate_private.affiliate_balance AS b ON b.project_id = a.project_id AND b.affiliate_id = a.affiliate_id
  OFFSET 0) AS v;
COMMENT ON VIEW affiliate.affiliates IS 'Affiliates with their earnings as of now; total = eligible + held + paid.';
COMMENT ON COLUMN affiliate.affiliates.project_id IS 'The affiliate program.';
COMMENT ON COLUMN affiliate.affiliates.affiliate_id IS 'The affiliate, as in the other views.';
COMMENT ON COLUMN affiliate.affiliates.email IS 'Email address, unique per project.';
COMMENT ON COLUMN affiliate.affiliates.referral_code IS 'The code in the affiliate''s links, unique per project.';
COMMENT ON COLUMN affiliate.affiliates.status IS 'active or inactive now; a sale looks at the status at its own time.';
COMMENT ON COLUMN affiliate.affiliates.created_at IS 'When the affiliate joined.';
COMMENT ON COLUMN affiliate.affiliates.currency IS 'ISO 4217 code of the earnings columns.';
COMMENT ON COLUMN affiliate.affiliates.total_earnings IS 'All commission earned, refunds taken off.';
COMMENT ON COLUMN affiliate.affiliates.eligible_earnings IS 'Past its hold and not paid yet; negative when refunds exceed what is left after payouts.';
COMMENT ON COLUMN affiliate.affiliates.held_earnings IS 'Still within its hold period.';
COMMENT ON COLUMN affiliate.affiliates.paid_earnings IS 'Paid out so far.';
COMMENT ON COLUMN affiliate.affiliates.unpaid_earnings IS 'Eligible and held together: all that is still owed.';
COMMENT ON COLUMN affiliate.affiliates.next_release_at IS 'When the next held amount becomes eligible.';
COMMENT ON COLUMN affiliate.affiliates.clicks IS 'Visits through the affiliate''s links.';
COMMENT ON COLUMN affiliate.affiliates.signups IS 'Referred sign-ups.';
COMMENT ON COLUMN affiliate.affiliates.purchases IS 'Sales credited to the affiliate, refunded ones included.';

CREATE OR REPLACE VIEW affiliate.conversions WITH (security_barrier) AS
SELECT p.project_id, v.*
FROM affiliate_private.visible_project AS p
CROSS JOIN LATERAL (
  SELECT c.conversion_id, c.type, c.affiliate_id, c.referred_user_id, c.occurred_at, c.currency,
         affiliate_private.money_decimal(c.base_minor, c.currency) AS base_value,
         p.currency AS commission_currency,
         affiliate_private.money_decimal(c.commission_minor, p.currency) AS commission,
         affiliate_private.money_decimal(affiliate_private.reversed_minor(c), p.currency) AS reversed_commission,
         affiliate_private.money_decimal(c.refunded_minor, c.currency) AS refunded,
         c.attribution_source, c.rule_source, c.hold_days, c.release_at, c.paid, c.reference, c.coupon_code_used, c.contested_affiliate_id,
         (c.occurred_at AT TIME ZONE 'UTC')::date AS occurred_on, s.provider
  FROM (SELECT p.*) AS p
  JOIN affiliate_private.conversion AS c ON c.project_id = p.project_id AND c.deleted_at IS NULL
  LEFT JOIN affiliate_private.sale AS s ON s.project_id = c.project_id AND s.sale_id = c.sale_id
  OFFSET 0) AS v;
COMMENT ON VIEW affiliate.conversions IS 'Sales and sign-ups with what they pay and why.';
COMMENT ON COLUMN affiliate.conversions.project_id IS 'The affiliate program.';
COMMENT ON COLUMN affiliate.conversions.conversion_id IS 'The conversion, as in affiliate.ledger.';
COMMENT ON COLUMN affiliate.conversions.type IS 'purchase or signup.';
COMMENT ON COLUMN affiliate.conversions.affiliate_id IS 'Who is credited; NULL for nobody.';
COMMENT ON COLUMN affiliate.conversions.referred_user_id IS 'The customer, where an email is known.';
COMMENT ON COLUMN affiliate.conversions.occurred_at IS 'When the sale happened, by the payment provider''s clock.';
COMMENT ON COLUMN affiliate.conversions.currency IS 'ISO 4217 code of base_value and refunded.';
COMMENT ON COLUMN affiliate.conversions.base_value IS 'Commission base: without tax, shipping and discount.';
COMMENT ON COLUMN affiliate.conversions.commission_currency IS 'ISO 4217 code of the commission columns: the project''s currency.';
COMMENT ON COLUMN affiliate.conversions.commission IS 'Commission before refunds, in commission_currency.';
COMMENT ON COLUMN affiliate.conversions.reversed_commission IS 'Share of the commission taken back by refunds.';
COMMENT ON COLUMN affiliate.conversions.refunded IS 'Given back to the customer so far, tax included as the provider reports it.';
COMMENT ON COLUMN affiliate.conversions.attribution_source IS 'Which evidence decided: coupon, metadata, client_reference_id, subscription_metadata, email (an earlier touch of the customer), manual.';
COMMENT ON COLUMN affiliate.conversions.rule_source IS 'Whose commission rule applied: affiliate, product, level, project, mixed, or none. That of a commission set by hand is the one it replaced.';
COMMENT ON COLUMN affiliate.conversions.hold_days IS 'Days the commission is held, as set at the time of the sale.';
COMMENT ON COLUMN affiliate.conversions.release_at IS 'When the commission leaves its hold.';
COMMENT ON COLUMN affiliate.conversions.paid IS 'Whether the commission has been paid out.';
COMMENT ON COLUMN affiliate.conversions.reference IS 'Reference of the sale, by default the provider''s payment id.';
COMMENT ON COLUMN affiliate.conversions.coupon_code_used IS 'The coupon code that decided who is credited.';
COMMENT ON COLUMN affiliate.conversions.occurred_on IS 'UTC day of occurred_at.';
COMMENT ON COLUMN affiliate.conversions.provider IS 'Who told of it: a payment provider, or api.';
COMMENT ON COLUMN affiliate.conversions.contested_affiliate_id IS 'Whom late evidence speaks for, where the conversion had already been paid out to another.';

CREATE OR REPLACE VIEW affiliate.ledger WITH (security_barrier) AS
SELECT p.project_id, v.*
FROM affiliate_private.visible_project AS p
CROSS JOIN LATERAL (
  SELECT e.entry_id, e.affiliate_id, e.conversion_id, e.kind, affiliate_private.money_decimal(e.amount_minor, e.currency) AS amount,
         e.currency, e.release_at, e.booked_at, (e.booked_at AT TIME ZONE 'UTC')::date AS booked_on
  FROM (SELECT p.*) AS p
  JOIN affiliate_private.ledger_entry AS e ON e.project_id = p.project_id
  OFFSET 0) AS v;
COMMENT ON VIEW affiliate.ledger IS 'Every booked entry, append-only: commission +, refund -, payout -.';
COMMENT ON COLUMN affiliate.ledger.project_id IS 'The affiliate program.';
COMMENT ON COLUMN affiliate.ledger.entry_id IS 'Number of the entry.';
COMMENT ON COLUMN affiliate.ledger.affiliate_id IS 'Whose money it is.';
COMMENT ON COLUMN affiliate.ledger.conversion_id IS 'The conversion it comes from.';
COMMENT ON COLUMN affiliate.ledger.kind IS 'commission, refund, payout, or tier and tier_refund: the part of the affiliate who brought the credited one.';
COMMENT ON COLUMN affiliate.ledger.amount IS 'Effect on what the affiliate is owed.';
COMMENT ON COLUMN affiliate.ledger.currency IS 'ISO 4217 code of amount: the project''s currency.';
COMMENT ON COLUMN affiliate.ledger.release_at IS 'When the amount leaves its hold; NULL for payouts and for what is paid out.';
COMMENT ON COLUMN affiliate.ledger.booked_at IS 'When it was booked, by the database''s clock.';
COMMENT ON COLUMN affiliate.ledger.booked_on IS 'UTC day of booked_at.';

CREATE OR REPLACE VIEW affiliate.parked_events WITH (security_barrier) AS
SELECT p.project_id, v.*
FROM affiliate_private.visible_project AS p
CROSS JOIN LATERAL (
  SELECT e.provider_event_id, e.provider, e.event_key, e.event_type, e.received_at, e.error
  FROM (SELECT p.*) AS p
  JOIN affiliate_private.provider_event AS e ON e.project_id = p.project_id AND e.outcome = 'parked'
  OFFSET 0) AS v;
COMMENT ON VIEW affiliate.parked_events IS 'Provider events that could not be applied, and why; replay them once the cause is gone.';
COMMENT ON COLUMN affiliate.parked_events.project_id IS 'The affiliate program.';
COMMENT ON COLUMN affiliate.parked_events.provider_event_id IS 'What affiliate.replay_event takes.';
COMMENT ON COLUMN affiliate.parked_events.provider IS 'The payment provider, such as stripe.';
COMMENT ON COLUMN affiliate.parked_events.event_key IS 'The provider''s event id, or sha256:<hex of the body> where the body names none.';
COMMENT ON COLUMN affiliate.parked_events.event_type IS 'The provider''s name of the event; NULL where the body could not be read.';
COMMENT ON COLUMN affiliate.parked_events.received_at IS 'When it first arrived.';
COMMENT ON COLUMN affiliate.parked_events.error IS 'Why it could not be applied.';
