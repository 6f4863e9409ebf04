CREATE OR REPLACE FUNCTION affiliate.erase_person(p_project_id bigint, p_email text) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_policy  affiliate_private.data_policy;
  v_person  record;
  v_aliases text[];
  v_events  bigint;
  v_hooks   bigint[];
BEGIN
  -- Nobody settles by an email while it is being replaced.
  PERFORM affiliate_private.lock_inputs(erase_person.p_project_id, true);
  v_person := affiliate_private.find_person(erase_person.p_project_id, erase_person.p_email);
  v_policy := affiliate_private.data_policy_of(erase_person.p_project_id);
  IF EXISTS (SELECT FROM affiliate_private.payout AS o
             WHERE o.project_id = erase_person.p_project_id AND o.affiliate_id = ANY (v_person.affiliate_ids) AND o.status = 'reserved') THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'The affiliate is in an open payout: confirm, fail or cancel that first';
  END IF;
  -- What has been put in the place of an email stays.
  v_person.emails := ARRAY(SELECT e.email FROM unnest(v_person.emails) AS e (email) WHERE NOT affiliate_private.is_erased_email(e.email));
  v_aliases := ARRAY(SELECT affiliate_private.erased_email(v_policy, e.email) FROM unnest(v_person.emails) WITH ORDINALITY AS e (email, n) ORDER BY e.n);

  UPDATE affiliate_private.provider_event AS e
  SET body = '', body_removed = 'erased', error = CASE WHEN e.outcome = 'parked' THEN 'the body was erased with a person''s data' END
  WHERE e.project_id = erase_person.p_project_id AND e.body_removed IS NULL AND affiliate_private.mentions(e.body, v_person.emails, v_person.ids);
  GET DIAGNOSTICS v_events = ROW_COUNT;
  v_hooks := ARRAY(SELECT w.event_id FROM affiliate_private.webhook_event AS w
                   WHERE w.project_id = erase_person.p_project_id AND w.body <> ''
                     AND affiliate_private.mentions(convert_to(w.body, 'UTF8'), v_person.emails, '{}'));
  PERFORM affiliate_private.empty_webhooks(erase_person.p_project_id, v_hooks);
  PERFORM affiliate_private.erase_emails(erase_person.p_project_id, coalesce(v_person.customer_id, 0), v_person.emails, v_aliases);
  PERFORM affiliate_private.erase_affiliate(erase_person.p_project_id, a.id) FROM unnest(v_person.affiliate_ids) AS a (id);
  RETURN row_to_json(x) FROM (
    SELECT erase_person.p_project_id AS project_id, v_aliases AS now_known_as, v_events AS events_erased, cardinality(v_hooks) AS webhooks_erased,
           cardinality(v_person.affiliate_ids) AS affiliates_erased) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.erase_person(bigint, text) IS 'Forgets a person by one of their emails: all their emails become keyed hashes, bodies that speak of them (raw events, outbox) are emptied, an affiliate with such an email loses name, codes and account details and becomes inactive. Conversions and ledger stay, as do the payment provider''s ids. Events that arrive later bring in what they say. RF404 nobody, RF409 for an affiliate in an open payout.';
