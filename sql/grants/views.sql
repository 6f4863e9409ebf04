-- The analyst views: each belongs to affiliate_report, which can read the columns they show and no secret, and may be read by analysts.
GRANT SELECT (project_id, referred_user_id, email, affiliate_id, conversion_status, conversion_date, created_at, signed_up_at, deleted_at)
  ON affiliate_private.referred_user TO affiliate_report;
GRANT SELECT (project_id, sale_id, provider) ON affiliate_private.sale TO affiliate_report;
GRANT SELECT (project_id, kind, affiliate_id, visited_at, ignored_reason) ON affiliate_private.visit TO affiliate_report;
GRANT SELECT ON affiliate_private.visit_day TO affiliate_report;
GRANT SELECT (project_id, endpoint_id, url, enabled, deleted_at) ON affiliate_private.webhook_endpoint TO affiliate_report;
GRANT SELECT (project_id, endpoint_id, status, attempts, created_at, settled_at) ON affiliate_private.webhook_delivery TO affiliate_report;
GRANT SELECT (project_id, payout_id, batch_id, affiliate_id, amount_minor, currency, method, status, reference, transaction_id, created_at, settled_at, returned_at)
  ON affiliate_private.payout TO affiliate_report;

DO $owner$
DECLARE
  v_view text;
BEGIN
  FOR v_view IN SELECT c.relname FROM pg_catalog.pg_class AS c WHERE c.relnamespace = 'affiliate'::regnamespace AND c.relkind = 'v' LOOP
    EXECUTE format('ALTER VIEW affiliate.%I OWNER TO affiliate_report', v_view);
    EXECUTE format('GRANT SELECT ON affiliate.%I TO affiliate_analyst', v_view);
  END LOOP;
END
$owner$;
GRANT EXECUTE ON FUNCTION affiliate.earnings_as_of(bigint, timestamptz) TO affiliate_analyst;
