CREATE OR REPLACE FUNCTION affiliate_private.record_affiliate_change(p_old affiliate_private.affiliate, p_new affiliate_private.affiliate) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_old affiliate_private.affiliate := record_affiliate_change.p_old;
  v_new affiliate_private.affiliate := record_affiliate_change.p_new;
  v_at  timestamptz := clock_timestamp();
BEGIN
  IF v_new.status <> v_old.status THEN
    INSERT INTO affiliate_private.affiliate_status (project_id, affiliate_id, effective_at, status)
    VALUES (v_new.project_id, v_new.affiliate_id, v_at, v_new.status);
    PERFORM affiliate_private.resettle_since(v_new.project_id, v_at);
  END IF;
  IF v_new.referral_code_key <> v_old.referral_code_key THEN
    PERFORM affiliate_private.own_code(v_new.project_id, 'referral', v_old.referral_code_key, NULL);
    PERFORM affiliate_private.own_code(v_new.project_id, 'referral', v_new.referral_code_key, v_new.affiliate_id);
  END IF;
  IF v_new.email_key <> v_old.email_key THEN
    PERFORM affiliate_private.resettle_emails(v_new.project_id, ARRAY[v_old.email_key, v_new.email_key]);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.record_affiliate_change(affiliate_private.affiliate, affiliate_private.affiliate) IS 'Writes the effective-dated versions a change of an affiliate makes, and settles what they touch. The caller holds lock_inputs exclusively.';
