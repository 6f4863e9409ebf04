CREATE OR REPLACE FUNCTION affiliate.set_payout_preferences(p_project_id bigint, p_email text, p_preferences jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_affiliate affiliate_private.affiliate := affiliate_private.find_affiliate(set_payout_preferences.p_project_id, set_payout_preferences.p_email);
  -- Preferences are called as the columns are.
  v_row       affiliate_private.payout_preference := affiliate_private.check_payout_preference(
    jsonb_populate_record(NULL::affiliate_private.payout_preference, set_payout_preferences.p_preferences));
  v_unknown   text;
BEGIN
  SELECT min(k.name) INTO v_unknown FROM jsonb_object_keys(set_payout_preferences.p_preferences) AS k (name)
  WHERE k.name <> ALL (affiliate_private.payout_preference_names());
  IF v_unknown IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('unknown payout preference "%s"', left(v_unknown, 60));
  END IF;
  v_row.project_id   := v_affiliate.project_id;
  v_row.affiliate_id := v_affiliate.affiliate_id;
  v_row.updated_at   := clock_timestamp();
  DELETE FROM affiliate_private.payout_preference AS p WHERE p.project_id = v_row.project_id AND p.affiliate_id = v_row.affiliate_id;
  INSERT INTO affiliate_private.payout_preference SELECT (v_row).*;
  RETURN affiliate_private.payout_preference_json(v_affiliate);
END
$$;
COMMENT ON FUNCTION affiliate.set_payout_preferences(bigint, text, jsonb) IS 'How an affiliate wants to be paid, in place of what was set: {"method":"paypal|wise|bank_transfer|other","recipient_name","recipient_type","paypal_email","wise_email","wise_account_id","iban","bic","account_number","routing_number","bank_name","bank_country","other_details"}. Payouts that are reserved already keep their destination. RF400 naming what is wrong or lacking, RF404 unknown affiliate, RF409 for an IBAN with wrong check digits.';
