CREATE OR REPLACE FUNCTION affiliate_private.find_referral(p_project_id bigint, p_email text) RETURNS affiliate_private.referred_user
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.referred_user;
BEGIN
  SELECT r.* INTO v_row FROM affiliate_private.referred_user AS r
  WHERE r.project_id = find_referral.p_project_id AND r.deleted_at IS NULL
    AND r.email_key = affiliate_private.fold_key(affiliate_private.check_email('email', find_referral.p_email));
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Referred user not found';
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.find_referral(bigint, text) IS 'The live referred user with this email; RF400 for a malformed email, RF404 for an unknown one.';

CREATE OR REPLACE FUNCTION affiliate_private.lock_person(p_project_id bigint, p_emails text[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_keys     text[] := ARRAY(SELECT DISTINCT affiliate_private.fold_key(e.email) FROM unnest(lock_person.p_emails) AS e (email));
  v_kinds    text[] := ARRAY(SELECT 'email' FROM unnest(v_keys));
  v_customer record;
BEGIN
  PERFORM affiliate_private.lock_facts(lock_person.p_project_id, ARRAY(SELECT 'email:' || k.identity_key FROM unnest(v_keys) AS k (identity_key)));
  v_customer := affiliate_private.resolve_customer(lock_person.p_project_id, v_kinds, v_keys, NULL, '{}', true);
  PERFORM affiliate_private.settle_sales(lock_person.p_project_id, v_customer.unsettled);
  RETURN v_customer.customer_id;
END
$$;
COMMENT ON FUNCTION affiliate_private.lock_person(bigint, text[]) IS 'The one customer with these emails, locked; creates it, or merges and settles the ones there are. The caller holds lock_inputs.';

CREATE OR REPLACE FUNCTION affiliate_private.settle_customer(p_project_id bigint, p_customer_id bigint, p_since timestamptz) RETURNS void
LANGUAGE sql VOLATILE AS $$
  SELECT affiliate_private.settle_sales(settle_customer.p_project_id, ARRAY(
    SELECT s.sale_id FROM affiliate_private.sale AS s
    WHERE s.project_id = settle_customer.p_project_id AND s.customer_id = settle_customer.p_customer_id AND s.occurred_at > settle_customer.p_since - interval '1 second'
    ORDER BY s.occurred_at, s.sale_key))
$$;
COMMENT ON FUNCTION affiliate_private.settle_customer(bigint, bigint, timestamptz) IS 'Settles a customer''s sales from a moment on (usually none yet). The caller holds the customer''s lock.';

CREATE OR REPLACE FUNCTION affiliate_private.link_referral(p_user affiliate_private.referred_user, p_customer_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_at timestamptz := clock_timestamp();
BEGIN
  INSERT INTO affiliate_private.referral_link (project_id, email_key, effective_at, affiliate_id)
  VALUES ((link_referral.p_user).project_id, (link_referral.p_user).email_key, v_at, (link_referral.p_user).affiliate_id);
  PERFORM affiliate_private.settle_customer((link_referral.p_user).project_id, link_referral.p_customer_id, v_at);
  PERFORM affiliate_private.announce_signup(link_referral.p_user, v_at);
END
$$;
COMMENT ON FUNCTION affiliate_private.link_referral(affiliate_private.referred_user, bigint) IS 'Records from now on whom the owner credits with a referred user (affiliate_id NULL: nobody); sales before keep theirs. The caller holds the customer''s lock.';
