-- How affiliates want to be paid. What goes into a file for a payment provider must not look like a formula, nor break its line.

CREATE OR REPLACE FUNCTION affiliate_private.payout_preference_names() RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT '{method,recipient_name,recipient_type,paypal_email,wise_email,wise_account_id,iban,bic,account_number,routing_number,bank_name,bank_country,other_details}'::text[]
$$;
COMMENT ON FUNCTION affiliate_private.payout_preference_names() IS 'What can be set of somebody''s payout preferences.';

CREATE OR REPLACE FUNCTION affiliate_private.check_payout_text(p_name text, p_value text, p_length integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF check_payout_text.p_value IS NOT NULL
     AND (length(check_payout_text.p_value) > check_payout_text.p_length OR check_payout_text.p_value !~ '^[^ =+@\u0001-\u001f\u007f-][^\u0001-\u001f\u007f]*$') THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = format('%s must be 1 to %s characters on one line and must not start with a space or one of = + - @', check_payout_text.p_name, check_payout_text.p_length);
  END IF;
  RETURN check_payout_text.p_value;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_payout_text(text, text, integer) IS 'A text (NULL stays NULL) of at most so many characters that no spreadsheet takes for a formula; RF400 naming it otherwise.';

CREATE OR REPLACE FUNCTION affiliate_private.check_iban(p_iban text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_iban   text := upper(replace(check_iban.p_iban, ' ', ''));
  v_digits text := '';
BEGIN
  IF v_iban IS NULL THEN
    RETURN NULL;
  ELSIF v_iban !~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'iban must be a country code, two check digits and 11 to 30 letters or digits';
  END IF;
  -- ISO 13616: the first four characters go to the end, letters count from A = 10, and the number is 1 modulo 97.
  SELECT string_agg(CASE WHEN c.character BETWEEN '0' AND '9' THEN c.character ELSE (ascii(c.character) - 55)::text END, '' ORDER BY c.n)
  INTO v_digits FROM string_to_table(substr(v_iban, 5) || left(v_iban, 4), NULL) WITH ORDINALITY AS c (character, n);
  IF v_digits::numeric % 97 <> 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'the check digits of this iban do not fit it: look for a typing error';
  END IF;
  RETURN v_iban;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_iban(text) IS 'An IBAN (NULL stays NULL) in upper case without spaces; RF400 for what is none, RF409 for one whose check digits do not fit.';

CREATE OR REPLACE FUNCTION affiliate_private.check_payout_preference(p_preference affiliate_private.payout_preference) RETURNS affiliate_private.payout_preference
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_row     affiliate_private.payout_preference := check_payout_preference.p_preference;
  v_lacking text;
BEGIN
  v_row.method          := affiliate_private.check_setting('method', v_row.method, '^(paypal|wise|bank_transfer|other)$', '"paypal", "wise", "bank_transfer" or "other"');
  v_row.recipient_type  := affiliate_private.check_setting('recipient_type', coalesce(v_row.recipient_type, 'person'), '^(person|business)$', '"person" or "business"');
  v_row.recipient_name  := affiliate_private.check_payout_text('recipient_name', v_row.recipient_name, 140);
  v_row.paypal_email    := affiliate_private.check_payout_text('paypal_email', affiliate_private.check_optional_email('paypal_email', v_row.paypal_email), 254);
  v_row.wise_email      := affiliate_private.check_payout_text('wise_email', affiliate_private.check_optional_email('wise_email', v_row.wise_email), 254);
  v_row.wise_account_id := affiliate_private.check_payout_text('wise_account_id', v_row.wise_account_id, 64);
  v_row.iban            := affiliate_private.check_iban(v_row.iban);
  v_row.bic             := upper(v_row.bic);
  v_row.account_number  := affiliate_private.check_payout_text('account_number', v_row.account_number, 40);
  v_row.routing_number  := affiliate_private.check_payout_text('routing_number', v_row.routing_number, 40);
  v_row.bank_name       := affiliate_private.check_payout_text('bank_name', v_row.bank_name, 140);
  v_row.bank_country    := upper(v_row.bank_country);
  v_row.other_details   := affiliate_private.check_payout_text('other_details', v_row.other_details, 1000);
  IF v_row.bic !~ '^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'bic must be 8 or 11 letters and digits such as DEUTDEFF';
  ELSIF v_row.bank_country !~ '^[A-Z]{2}$' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'bank_country must be a country code of two letters';
  END IF;
  v_lacking := CASE v_row.method
    WHEN 'paypal' THEN CASE WHEN v_row.paypal_email IS NULL THEN 'paypal_email' END
    WHEN 'other' THEN CASE WHEN v_row.other_details IS NULL THEN 'other_details' END
    WHEN 'wise' THEN CASE WHEN v_row.recipient_name IS NULL THEN 'recipient_name' WHEN coalesce(v_row.wise_email, v_row.wise_account_id) IS NULL THEN 'wise_email or wise_account_id' END
    ELSE CASE WHEN v_row.recipient_name IS NULL THEN 'recipient_name' WHEN coalesce(v_row.iban, v_row.account_number) IS NULL THEN 'iban or account_number' END END;
  IF v_lacking IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('the method %s needs %s', v_row.method, v_lacking);
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_payout_preference(affiliate_private.payout_preference) IS 'Payout preferences in their stored form; RF400 naming what is wrong or lacking, RF409 for an IBAN with wrong check digits.';

CREATE OR REPLACE FUNCTION affiliate_private.check_optional_email(p_name text, p_email text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN check_optional_email.p_email IS NOT NULL THEN affiliate_private.check_email(check_optional_email.p_name, check_optional_email.p_email) END
$$;
COMMENT ON FUNCTION affiliate_private.check_optional_email(text, text) IS 'As check_email; NULL stays NULL.';

CREATE OR REPLACE FUNCTION affiliate_private.payout_preference_json(p_affiliate affiliate_private.affiliate) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT a.affiliate_id, a.email AS user_email, p.method, p.recipient_name, p.recipient_type, p.paypal_email, p.wise_email, p.wise_account_id,
           p.iban, p.bic, p.account_number, p.routing_number, p.bank_name, p.bank_country, p.other_details,
           affiliate_private.api_time(p.updated_at) AS updated_at
    FROM (SELECT (payout_preference_json.p_affiliate).*) AS a
    LEFT JOIN affiliate_private.payout_preference AS p ON p.project_id = a.project_id AND p.affiliate_id = a.affiliate_id) AS x
$$;
COMMENT ON FUNCTION affiliate_private.payout_preference_json(affiliate_private.affiliate) IS 'How an affiliate wants to be paid, as the API prints it; all null where nothing is set.';

CREATE OR REPLACE FUNCTION affiliate_private.payout_destination(p_preference affiliate_private.payout_preference) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_strip_nulls(CASE p.method
    WHEN 'paypal' THEN jsonb_build_object('paypal_email', p.paypal_email, 'recipient_name', p.recipient_name)
    WHEN 'wise' THEN jsonb_build_object('wise_email', p.wise_email, 'wise_account_id', p.wise_account_id, 'recipient_name', p.recipient_name, 'recipient_type', p.recipient_type)
    WHEN 'bank_transfer' THEN jsonb_build_object('iban', p.iban, 'bic', p.bic, 'account_number', p.account_number, 'routing_number', p.routing_number,
      'bank_name', p.bank_name, 'bank_country', p.bank_country, 'recipient_name', p.recipient_name, 'recipient_type', p.recipient_type)
    ELSE jsonb_build_object('other_details', p.other_details, 'recipient_name', p.recipient_name) END)
  FROM (SELECT (payout_destination.p_preference).*) AS p
$$;
COMMENT ON FUNCTION affiliate_private.payout_destination(affiliate_private.payout_preference) IS 'What of somebody''s preferences says where a payout by the chosen method goes.';

CREATE OR REPLACE FUNCTION affiliate_private.webhook_payout_preferences(p_project_id bigint, p_affiliate_id bigint) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT p.paypal_email,
           CASE WHEN coalesce(p.wise_account_id, p.wise_email) IS NOT NULL THEN
             (SELECT row_to_json(y) FROM (SELECT p.wise_account_id AS "accountId", p.wise_email AS email) AS y) END AS wise_details
    FROM affiliate_private.payout_preference AS p
    WHERE p.project_id = webhook_payout_preferences.p_project_id AND p.affiliate_id = webhook_payout_preferences.p_affiliate_id
      AND num_nonnulls(p.paypal_email, p.wise_account_id, p.wise_email) > 0) AS x
$$;
COMMENT ON FUNCTION affiliate_private.webhook_payout_preferences(bigint, bigint) IS 'referrer.payout_preferences of webhooks: PayPal and Wise only, NULL where neither is set. Members that are null are to be left out.';
