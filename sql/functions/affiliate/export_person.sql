CREATE OR REPLACE FUNCTION affiliate.export_person(p_project_id bigint, p_email text) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_id     bigint := export_person.p_project_id;
  v_person record;
BEGIN
  v_person := affiliate_private.find_person(v_id, export_person.p_email);
  RETURN row_to_json(x) FROM (
    SELECT v_id AS project_id, v_person.emails AS emails,
      to_json(ARRAY(SELECT row_to_json(y) FROM (
        SELECT i.kind, i.identity_key FROM affiliate_private.customer_identity AS i
        WHERE i.project_id = v_id AND i.customer_id = v_person.customer_id ORDER BY 1, 2) AS y)) AS identities,
      to_json(ARRAY(SELECT row_to_json(y) FROM (
        SELECT r.referred_user_id AS id, r.email, r.affiliate_id, r.conversion_status, r.conversion_date, r.created_at, r.signed_up_at, r.deleted_at
        FROM affiliate_private.referred_user AS r WHERE r.project_id = v_id AND r.email_key = ANY (v_person.emails) ORDER BY 1) AS y)) AS referred_users,
      to_json(ARRAY(SELECT row_to_json(y) FROM (
        SELECT l.email_key, l.effective_at, l.affiliate_id FROM affiliate_private.referral_link AS l
        WHERE l.project_id = v_id AND l.email_key = ANY (v_person.emails) ORDER BY 2) AS y)) AS referral_links,
      to_json(ARRAY(SELECT row_to_json(y) FROM (
        SELECT s.provider, s.sale_key, s.type, s.email, s.occurred_at, s.currency, affiliate_private.money_decimal(s.gross_minor, s.currency) AS paid,
               s.subscription_key, c.conversion_id, c.affiliate_id, c.attribution_source, c.reference, c.coupon_code_used,
               affiliate_private.money_decimal(c.refunded_minor, c.currency) AS refunded
        FROM affiliate_private.sale AS s LEFT JOIN affiliate_private.conversion AS c ON c.project_id = s.project_id AND c.sale_id = s.sale_id
        WHERE s.project_id = v_id AND s.customer_id = v_person.customer_id ORDER BY s.occurred_at, s.sale_id) AS y)) AS sales,
      to_json(ARRAY(SELECT row_to_json(y) FROM (
        SELECT e.provider, e.scope_key, e.source, e.namespace, e.code_key, e.observed_at FROM affiliate_private.evidence AS e
        WHERE e.project_id = v_id AND e.customer_id = v_person.customer_id ORDER BY e.observed_at, e.evidence_id) AS y)) AS evidence,
      to_json(ARRAY(SELECT affiliate_private.affiliate_export_json(a) FROM affiliate_private.affiliate AS a
        WHERE a.project_id = v_id AND a.affiliate_id = ANY (v_person.affiliate_ids) ORDER BY a.affiliate_id)) AS affiliates,
      to_json(ARRAY(SELECT row_to_json(y) FROM (
        SELECT e.provider_event_id AS id, e.provider, e.event_key, e.event_type, e.received_at, encode(e.body, 'escape') AS body
        FROM affiliate_private.provider_event AS e
        WHERE e.project_id = v_id AND e.body_removed IS NULL AND affiliate_private.mentions(e.body, v_person.emails, v_person.ids) ORDER BY 1) AS y)) AS provider_events,
      to_json(ARRAY(SELECT row_to_json(y) FROM (
        SELECT w.message_id, w.event_type, w.created_at, w.body FROM affiliate_private.webhook_event AS w
        WHERE w.project_id = v_id AND w.body <> '' AND affiliate_private.mentions(convert_to(w.body, 'UTF8'), v_person.emails, '{}')
        ORDER BY w.event_id) AS y)) AS webhook_events) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.export_person(bigint, text) IS 'Everything stored about a person, found by one of their emails: names, sales, evidence, referrals, their affiliate account, and the bodies that speak of them. RF400 malformed email, RF404 nobody.';
