CREATE OR REPLACE FUNCTION affiliate.record_signup(p_project_id bigint, p_email text, p_referral_code text, p_ip text DEFAULT NULL, p_user_agent text DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_email       text := affiliate_private.check_email('email', record_signup.p_email);
  v_visit       affiliate_private.visit;
  v_sale_key    text;
  v_customer_id bigint;
  v_at          timestamptz;
  v_now         record;
BEGIN
  v_visit := affiliate_private.visit_of(record_signup.p_project_id, 'signup', record_signup.p_referral_code, record_signup.p_ip, record_signup.p_user_agent);
  PERFORM affiliate_private.lock_inputs(v_visit.project_id, false);
  IF v_visit.affiliate_id IS NULL THEN
    RETURN affiliate_private.visit_json(v_visit, NULL);
  END IF;
  v_sale_key := affiliate_private.signup_key(v_visit.project_id, v_email);
  IF v_visit.ignored_reason IS NULL THEN
    v_customer_id := affiliate_private.lock_person(v_visit.project_id, ARRAY[v_email]);
    IF EXISTS (SELECT FROM affiliate_private.sale AS s WHERE s.project_id = v_visit.project_id AND s.provider = 'api' AND s.sale_key = v_sale_key) THEN
      v_visit.ignored_reason := 'repeat';
    ELSE
      v_at  := affiliate_private.record_touch(v_visit.project_id, v_customer_id, v_email, affiliate_private.fold_key(record_signup.p_referral_code));
      v_now := affiliate_private.attribution_at(v_visit.project_id, v_customer_id, v_at);
      IF v_now.affiliate_id IS NOT NULL THEN
        PERFORM affiliate_private.refer_visitor(v_visit.project_id, v_customer_id, v_email, v_now.affiliate_id, v_at, record_signup.p_user_agent, record_signup.p_ip);
      END IF;
      PERFORM affiliate_private.apply_fact(v_visit.project_id, 'api', v_sale_key, v_at, jsonb_build_object('email', v_email, 'sale', jsonb_build_object(
        'key', v_sale_key, 'type', 'signup', 'currency', affiliate_private.project_currency(v_visit.project_id), 'gross_minor', 0,
        'lines', '[{"base_minor": 0}]'::jsonb)));
    END IF;
  END IF;
  PERFORM affiliate_private.store_visit(v_visit);
  RETURN affiliate_private.visit_json(v_visit, (affiliate_private.find_referred_user(v_visit.project_id, v_customer_id, v_email)).referred_user_id);
END
$$;
COMMENT ON FUNCTION affiliate.record_signup(bigint, text, text, text, text) IS 'A sign-up of a visitor who came through an affiliate''s link: links the person, counts one sign-up conversion, and announces referral_signed_up once, the only place where the IP address and user agent stay readable. A person who has signed up before is a repeat. {"counted", "reason", "affiliate_id", "referred_user_id"}; RF400 for a malformed email, RF404 unknown project.';
