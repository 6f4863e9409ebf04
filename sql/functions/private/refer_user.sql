CREATE OR REPLACE FUNCTION affiliate_private.refer_user(p_sale affiliate_private.sale, p_affiliate_id bigint, p_type text) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_sale affiliate_private.sale := refer_user.p_sale;
  v_old  affiliate_private.referred_user;
  v_new  affiliate_private.referred_user;
BEGIN
  v_old := affiliate_private.find_referred_user(v_sale.project_id, v_sale.customer_id, v_sale.email);
  v_new := v_old;
  v_new.affiliate_id := coalesce(refer_user.p_affiliate_id, v_old.affiliate_id);
  IF refer_user.p_type = 'purchase' THEN
    v_new.conversion_status := CASE WHEN v_new.affiliate_id IS NULL THEN 'direct' ELSE 'converted' END;
    v_new.conversion_date   := least(v_old.conversion_date, v_sale.occurred_at);
  ELSIF v_old.referred_user_id IS NULL OR v_old.conversion_status = 'direct_signup' THEN
    v_new.conversion_status := CASE WHEN v_new.affiliate_id IS NULL THEN 'direct_signup' ELSE 'pending' END;
  END IF;
  IF v_old.referred_user_id IS NULL THEN
    -- Paddle tells emails in other events than payments.
    v_sale.email := coalesce(v_sale.email, affiliate_private.customer_email(v_sale.project_id, v_sale.customer_id));
    IF v_sale.email IS NULL THEN
      RETURN NULL;
    END IF;
    INSERT INTO affiliate_private.referred_user AS r (project_id, email, email_key, affiliate_id, conversion_status, conversion_date)
    VALUES (v_sale.project_id, v_sale.email, affiliate_private.fold_key(v_sale.email), v_new.affiliate_id, v_new.conversion_status, v_new.conversion_date)
    RETURNING r.* INTO v_new;
  ELSIF v_new IS DISTINCT FROM v_old THEN
    UPDATE affiliate_private.referred_user AS r
    SET affiliate_id = v_new.affiliate_id, conversion_status = v_new.conversion_status, conversion_date = v_new.conversion_date
    WHERE r.project_id = v_old.project_id AND r.referred_user_id = v_old.referred_user_id;
  END IF;
  IF refer_user.p_type = 'signup' AND v_old.affiliate_id IS NULL THEN
    PERFORM affiliate_private.announce_signup(v_new, v_sale.occurred_at);
  END IF;
  RETURN v_new.referred_user_id;
END
$$;
COMMENT ON FUNCTION affiliate_private.refer_user(affiliate_private.sale, bigint, text) IS 'The referred user behind a sale or sign-up: created, or moved on (pending or direct_signup, then converted or direct). NULL where neither email nor customer tells who it is.';

CREATE OR REPLACE FUNCTION affiliate_private.customer_email(p_project_id bigint, p_customer_id bigint) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT min(i.identity_key) FROM affiliate_private.customer_identity AS i
  WHERE i.project_id = customer_email.p_project_id AND i.customer_id = customer_email.p_customer_id AND i.kind = 'email'
$$;
COMMENT ON FUNCTION affiliate_private.customer_email(bigint, bigint) IS 'An email (folded) that a customer is known by, the first in the alphabet; NULL where none is known.';

CREATE OR REPLACE FUNCTION affiliate_private.find_referred_user(p_project_id bigint, p_customer_id bigint, p_email text) RETURNS affiliate_private.referred_user
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row   affiliate_private.referred_user;
  v_other affiliate_private.referred_user;
  v_email text;
BEGIN
  SELECT r.* INTO v_row FROM affiliate_private.referred_user AS r
  WHERE r.project_id = find_referred_user.p_project_id AND r.deleted_at IS NULL AND r.email_key = affiliate_private.fold_key(find_referred_user.p_email);
  IF NOT FOUND THEN
    -- The same customer under another email, or one this event does not name.
    FOR v_email IN
      SELECT i.identity_key FROM affiliate_private.customer_identity AS i
      WHERE i.project_id = find_referred_user.p_project_id AND i.customer_id = find_referred_user.p_customer_id AND i.kind = 'email'
    LOOP
      SELECT r.* INTO v_other FROM affiliate_private.referred_user AS r
      WHERE r.project_id = find_referred_user.p_project_id AND r.deleted_at IS NULL AND r.email_key = v_email;
      IF v_row.referred_user_id IS NULL OR v_other.referred_user_id < v_row.referred_user_id THEN
        v_row := v_other;
      END IF;
    END LOOP;
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.find_referred_user(bigint, bigint, text) IS 'The live referred user with this email, else one with another email of the customer, else NULL.';

CREATE OR REPLACE FUNCTION affiliate_private.announce_signup(p_user affiliate_private.referred_user, p_signed_up_at timestamptz) RETURNS void
LANGUAGE sql VOLATILE AS $$
  SELECT affiliate_private.announce_visitor(announce_signup.p_user, announce_signup.p_signed_up_at, NULL, NULL)
$$;
COMMENT ON FUNCTION affiliate_private.announce_signup(affiliate_private.referred_user, timestamptz) IS 'referral_signed_up, once per referred user, when an affiliate is first linked to it.';

CREATE OR REPLACE FUNCTION affiliate_private.announce_visitor(p_user affiliate_private.referred_user, p_signed_up_at timestamptz, p_user_agent text, p_ip_address text) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF (announce_visitor.p_user).affiliate_id IS NULL OR (announce_visitor.p_user).signed_up_at IS NOT NULL THEN
    RETURN;
  END IF;
  UPDATE affiliate_private.referred_user AS r SET signed_up_at = announce_visitor.p_signed_up_at
  WHERE r.project_id = (announce_visitor.p_user).project_id AND r.referred_user_id = (announce_visitor.p_user).referred_user_id;
  IF affiliate_private.is_webhook_wanted((announce_visitor.p_user).project_id, 'referral_signed_up') THEN
    PERFORM affiliate_private.emit_webhook((announce_visitor.p_user).project_id, (announce_visitor.p_user).affiliate_id, (announce_visitor.p_user).referred_user_id,
      'referral_signed_up', 'data',
      affiliate_private.signed_up_section((announce_visitor.p_user).project_id, (announce_visitor.p_user).affiliate_id, announce_visitor.p_signed_up_at,
                                          announce_visitor.p_user_agent, announce_visitor.p_ip_address));
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.announce_visitor(affiliate_private.referred_user, timestamptz, text, text) IS 'The same for a sign-up in a browser, whose user agent and IP address are told and kept nowhere else.';
