-- Who may do what. Re-applied after everything else, so that new objects are covered too.

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA affiliate, affiliate_api, affiliate_private FROM PUBLIC;

-- The gateway calls functions and owns nothing.
GRANT USAGE ON SCHEMA affiliate_api TO affiliate_gateway;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA affiliate_api TO affiliate_gateway;

-- The analyst views belong to a role that can read only the columns they show.
GRANT USAGE, CREATE ON SCHEMA affiliate TO affiliate_report;
GRANT USAGE ON SCHEMA affiliate_private, affiliate_kernel TO affiliate_report;
GRANT SELECT ON affiliate_private.visible_project, affiliate_private.affiliate_balance TO affiliate_report;
GRANT SELECT (project_id, affiliate_id, email, referral_code, status, created_at, deleted_at) ON affiliate_private.affiliate TO affiliate_report;
GRANT SELECT ON affiliate_private.conversion, affiliate_private.ledger_entry TO affiliate_report;
GRANT SELECT (project_id, provider_event_id, provider, event_key, event_type, received_at, outcome, error) ON affiliate_private.provider_event TO affiliate_report;
GRANT SELECT ON affiliate_private.webhook_event, affiliate_private.webhook_delivery, affiliate_private.webhook_attempt TO affiliate_report;
ALTER VIEW affiliate.affiliates OWNER TO affiliate_report;
ALTER VIEW affiliate.conversions OWNER TO affiliate_report;
ALTER VIEW affiliate.ledger OWNER TO affiliate_report;
ALTER VIEW affiliate.parked_events OWNER TO affiliate_report;
ALTER VIEW affiliate.webhook_deliveries OWNER TO affiliate_report;
ALTER VIEW affiliate.webhook_attempts OWNER TO affiliate_report;

-- Analysts: the views, and the pure functions the views print money with (a view's functions run with the reader's rights).
GRANT USAGE ON SCHEMA affiliate, affiliate_kernel, affiliate_private TO affiliate_analyst;
GRANT SELECT ON affiliate.affiliates, affiliate.conversions, affiliate.ledger, affiliate.parked_events,
  affiliate.webhook_deliveries, affiliate.webhook_attempts TO affiliate_analyst;
GRANT EXECUTE ON FUNCTION affiliate_private.currency_exponent(text), affiliate_private.money_decimal(bigint, text),
  affiliate_private.reversed_minor(affiliate_private.conversion),
  affiliate_private.reversed_part(affiliate_private.conversion, bigint) TO affiliate_analyst, affiliate_report;
