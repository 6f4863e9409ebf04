CREATE OR REPLACE FUNCTION affiliate_private.import_affiliate(p_project_id bigint, p_fields jsonb) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_fields     jsonb := import_affiliate.p_fields;
  v_email      text;
  v_created_at timestamptz;
  v_status     text;
  v_id         bigint;
BEGIN
  v_email := affiliate_private.check_email('email', v_fields ->> 'email');
  IF EXISTS (SELECT FROM affiliate_private.affiliate AS a
             WHERE a.project_id = import_affiliate.p_project_id AND a.email_key = affiliate_private.fold_key(v_email) AND a.deleted_at IS NULL) THEN
    RETURN 'known';
  END IF;
  v_created_at := affiliate_private.import_time('created_at', v_fields ->> 'created_at');
  v_status := affiliate_private.check_setting('status', CASE lower(coalesce(v_fields ->> 'status', 'active')) WHEN 'disabled' THEN 'inactive' WHEN 'suspicious' THEN 'inactive'
                WHEN 'unconfirmed' THEN 'active' ELSE lower(coalesce(v_fields ->> 'status', 'active')) END, '^(active|inactive)$', 'active or inactive');
  v_id := (affiliate_api.create_affiliate(import_affiliate.p_project_id, jsonb_strip_nulls(jsonb_build_object('email', v_email,
            'referral_code', v_fields ->> 'referral_code', 'partner_slug', v_fields ->> 'partner_slug'))) #>> '{data,id}')::bigint;
  UPDATE affiliate_private.affiliate AS a SET created_at = coalesce(v_created_at, a.created_at), status = v_status
  WHERE a.project_id = import_affiliate.p_project_id AND a.affiliate_id = v_id;
  IF v_status = 'inactive' THEN
    -- From now on: what was earned before is imported with the conversions.
    INSERT INTO affiliate_private.affiliate_status (project_id, affiliate_id, effective_at, status)
    VALUES (import_affiliate.p_project_id, v_id, clock_timestamp(), 'inactive');
  END IF;
  IF v_fields ?| ARRAY['paypal_email', 'wise_email'] THEN
    PERFORM affiliate.set_payout_preferences(import_affiliate.p_project_id, v_email, jsonb_build_object(
      'method', CASE WHEN v_fields ? 'paypal_email' THEN 'paypal' ELSE 'wise' END,
      'recipient_name', coalesce(nullif(concat_ws(' ', v_fields ->> 'first_name', v_fields ->> 'last_name'), ''), v_email),
      'paypal_email', v_fields ->> 'paypal_email', 'wise_email', v_fields ->> 'wise_email'));
  END IF;
  RETURN 'imported';
EXCEPTION WHEN SQLSTATE 'RF400' OR SQLSTATE 'RF404' OR SQLSTATE 'RF409' OR data_exception THEN
  RETURN sqlerrm;
END
$$;
COMMENT ON FUNCTION affiliate_private.import_affiliate(bigint, jsonb) IS 'Imports one line: imported, known, or what is wrong with it.';
