CREATE OR REPLACE FUNCTION affiliate_private.read_referral(p_project_id bigint, p_fields jsonb,
  OUT error text, OUT email text, OUT affiliate_id bigint, OUT status text, OUT created_at timestamptz, OUT customer_key text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  email        := CASE WHEN read_referral.p_fields ? 'email' THEN affiliate_private.check_email('email', read_referral.p_fields ->> 'email') END;
  customer_key := read_referral.p_fields ->> 'customer_key';
  IF email IS NULL AND customer_key IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'a referral needs email or customer_key';
  END IF;
  affiliate_id := affiliate_private.import_affiliate_id(read_referral.p_project_id, read_referral.p_fields);
  created_at   := coalesce(affiliate_private.import_time('created_at', read_referral.p_fields ->> 'created_at'), statement_timestamp());
  status       := CASE lower(read_referral.p_fields ->> 'status') WHEN 'conversion' THEN 'converted' WHEN 'lead' THEN 'pending' WHEN 'visitor' THEN 'pending'
                  ELSE lower(read_referral.p_fields ->> 'status') END;
  status       := affiliate_private.check_setting('status', coalesce(status, CASE WHEN affiliate_id IS NULL THEN 'direct_signup' ELSE 'pending' END),
                                                  '^(pending|converted|direct|direct_signup)$', 'pending, converted, direct or direct_signup');
EXCEPTION WHEN SQLSTATE 'RF400' OR SQLSTATE 'RF404' OR data_exception THEN
  error := sqlerrm;
END
$$;
COMMENT ON FUNCTION affiliate_private.read_referral(bigint, jsonb) IS 'A line of a file of referrals, checked; error says what is wrong with it.';

CREATE OR REPLACE FUNCTION affiliate_private.import_referral(p_project_id bigint, p_fields jsonb) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_line        record;
  v_key         text;
  v_customer_id bigint;
  v_new         boolean := false;
BEGIN
  v_line := affiliate_private.read_referral(import_referral.p_project_id, import_referral.p_fields);
  IF v_line.error IS NOT NULL THEN
    RETURN v_line.error;
  END IF;
  v_key := affiliate_private.fold_key(v_line.email);
  v_customer_id := affiliate_private.import_customer(import_referral.p_project_id, v_key, 'stripe', v_line.customer_key, '{}');
  IF v_key IS NOT NULL AND NOT EXISTS (
       SELECT FROM affiliate_private.referred_user AS r
       WHERE r.project_id = import_referral.p_project_id AND r.email_key = v_key AND r.deleted_at IS NULL) THEN
    -- Announced elsewhere, long ago.
    INSERT INTO affiliate_private.referred_user (project_id, email, email_key, affiliate_id, conversion_status, conversion_date, created_at, signed_up_at)
    VALUES (import_referral.p_project_id, v_line.email, v_key, v_line.affiliate_id, v_line.status,
            CASE WHEN v_line.status IN ('converted', 'direct') THEN v_line.created_at END, v_line.created_at,
            CASE WHEN v_line.affiliate_id IS NOT NULL THEN v_line.created_at END);
    IF v_line.affiliate_id IS NOT NULL THEN
      INSERT INTO affiliate_private.referral_link (project_id, email_key, effective_at, affiliate_id)
      VALUES (import_referral.p_project_id, v_key, v_line.created_at, v_line.affiliate_id);
    END IF;
    v_new := true;
  END IF;
  IF v_line.customer_key IS NOT NULL AND v_line.affiliate_id IS NOT NULL THEN
    INSERT INTO affiliate_private.evidence (project_id, customer_id, provider, scope_key, source, namespace, code_key, observed_at)
    VALUES (import_referral.p_project_id, v_customer_id, 'stripe', 'customer:' || v_line.customer_key, 'manual', 'affiliate', v_line.affiliate_id::text, v_line.created_at)
    ON CONFLICT ON CONSTRAINT evidence_fact_key DO NOTHING;
    v_new := v_new OR FOUND;
  END IF;
  IF v_new THEN
    PERFORM affiliate_private.settle_customer(import_referral.p_project_id, v_customer_id, '-infinity');
  END IF;
  RETURN CASE WHEN v_new THEN 'imported' ELSE 'known' END;
END
$$;
COMMENT ON FUNCTION affiliate_private.import_referral(bigint, jsonb) IS 'Imports one line: imported, known, or what is wrong with it. Purchases from its time on are credited to its affiliate.';
