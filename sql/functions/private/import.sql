-- What imported lines have in common. Whoever imports holds lock_inputs exclusively, so that nobody else settles or names
-- customers meanwhile, and no other lock is needed.

CREATE OR REPLACE FUNCTION affiliate_private.import_time(p_name text, p_text text) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT affiliate_private.check_time(import_time.p_name, CASE
    WHEN m.parts IS NULL THEN import_time.p_text
    WHEN m.parts[2] IS NULL THEN m.parts[1] || 'Z'
    ELSE concat(m.parts[1], m.parts[2], ':', coalesce(m.parts[3], '00')) END)
  -- The offset may stand apart, be of hours alone, and have a name after it; a name alone is that of UTC.
  FROM (SELECT regexp_match(import_time.p_text, '^([0-9-]{10}[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(?: ?([+-]\d{2})(?::?(\d{2}))?)?(?: (?:UTC|GMT))?$') AS parts) AS m
$$;
COMMENT ON FUNCTION affiliate_private.import_time(text, text) IS 'A time of a file: ISO 8601, UTC where it does not say; RF400 naming the column for anything else.';

CREATE OR REPLACE FUNCTION affiliate_private.import_money(p_name text, p_text text, p_currency text) RETURNS bigint
LANGUAGE sql STABLE AS $$
  -- "1999c" is what a column in cents says.
  SELECT CASE WHEN import_money.p_text ~ '^[0-9]{1,13}c$' THEN least(rtrim(import_money.p_text, 'c')::bigint, 9000000000001)
              ELSE affiliate_private.parse_money(import_money.p_name, (
                SELECT CASE WHEN a.amount ~ '^[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$' THEN replace(a.amount, ',', '') ELSE a.amount END
                FROM (SELECT ltrim(import_money.p_text, CASE WHEN import_money.p_currency = 'EUR' THEN '€' WHEN import_money.p_currency = 'GBP' THEN '£'
                                                             WHEN import_money.p_currency IN ('USD', 'CAD', 'AUD', 'NZD', 'SGD', 'HKD') THEN '$' ELSE '' END) AS amount) AS a), import_money.p_currency) END
$$;
COMMENT ON FUNCTION affiliate_private.import_money(text, text, text) IS 'An amount of a file in minor units: a decimal, with the currency''s own sign and thousands'' commas if it likes, or minor units followed by c. RF400 for anything else.';

CREATE OR REPLACE FUNCTION affiliate_private.import_affiliate_id(p_project_id bigint, p_fields jsonb) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_affiliate_id bigint;
BEGIN
  IF NOT import_affiliate_id.p_fields ?| ARRAY['affiliate_id', 'affiliate_email', 'referral_code'] THEN
    RETURN NULL;
  END IF;
  IF import_affiliate_id.p_fields ->> 'affiliate_id' !~ '^[0-9]{1,15}$' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'affiliate_id must be a number';
  END IF;
  -- Three statements, so that each has its index.
  IF import_affiliate_id.p_fields ? 'affiliate_id' THEN
    SELECT a.affiliate_id INTO v_affiliate_id FROM affiliate_private.affiliate AS a
    WHERE a.project_id = import_affiliate_id.p_project_id AND a.deleted_at IS NULL AND a.affiliate_id = (import_affiliate_id.p_fields ->> 'affiliate_id')::bigint;
  ELSIF import_affiliate_id.p_fields ? 'affiliate_email' THEN
    SELECT a.affiliate_id INTO v_affiliate_id FROM affiliate_private.affiliate AS a
    WHERE a.project_id = import_affiliate_id.p_project_id AND a.deleted_at IS NULL
      AND a.email_key = affiliate_private.fold_key(import_affiliate_id.p_fields ->> 'affiliate_email');
  ELSE
    SELECT a.affiliate_id INTO v_affiliate_id FROM affiliate_private.affiliate AS a
    WHERE a.project_id = import_affiliate_id.p_project_id AND a.deleted_at IS NULL
      AND a.referral_code_key = affiliate_private.fold_key(import_affiliate_id.p_fields ->> 'referral_code');
  END IF;
  IF v_affiliate_id IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = format('there is no affiliate "%s": import affiliates first',
      coalesce(import_affiliate_id.p_fields ->> 'affiliate_id', import_affiliate_id.p_fields ->> 'affiliate_email', import_affiliate_id.p_fields ->> 'referral_code'));
  END IF;
  RETURN v_affiliate_id;
END
$$;
COMMENT ON FUNCTION affiliate_private.import_affiliate_id(bigint, jsonb) IS 'The affiliate a line names by affiliate_id, affiliate_email or referral_code; NULL where it names none, RF404 for an unknown one.';

CREATE OR REPLACE FUNCTION affiliate_private.import_customer(p_project_id bigint, p_email_key text, p_provider text, p_customer_key text, p_payment text[])
RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_kinds text[] := '{}';
  v_keys  text[] := '{}';
  v_subscription text := affiliate_private.begun_subscription(import_customer.p_payment);
  v_id    bigint;
BEGIN
  IF import_customer.p_email_key IS NOT NULL THEN
    SELECT i.customer_id INTO v_id FROM affiliate_private.customer_identity AS i
    WHERE i.project_id = import_customer.p_project_id AND i.kind = 'email' AND i.identity_key = import_customer.p_email_key;
    IF import_customer.p_customer_key IS NULL AND v_subscription IS NULL AND cardinality((affiliate_private.known_customers(
         import_customer.p_project_id, '{}', '{}', import_customer.p_provider, import_customer.p_payment)).customer_ids) = 0 THEN
      IF v_id IS NULL THEN
        INSERT INTO affiliate_private.customer AS c (project_id) VALUES (import_customer.p_project_id) RETURNING c.customer_id INTO v_id;
        INSERT INTO affiliate_private.customer_identity (project_id, kind, identity_key, customer_id)
        VALUES (import_customer.p_project_id, 'email', import_customer.p_email_key, v_id);
      END IF;
      RETURN v_id;
    END IF;
    v_kinds := v_kinds || 'email'::text;
    v_keys  := v_keys || import_customer.p_email_key;
  END IF;
  IF import_customer.p_customer_key IS NOT NULL THEN
    v_kinds := v_kinds || import_customer.p_provider;
    v_keys  := v_keys || import_customer.p_customer_key;
  END IF;
  IF v_subscription IS NOT NULL THEN
    v_kinds := v_kinds || affiliate_private.subscription_kind(import_customer.p_provider);
    v_keys  := v_keys || v_subscription;
  END IF;
  -- Two names of one customer may make two customers one.
  RETURN (affiliate_private.resolve_import(import_customer.p_project_id, v_kinds, v_keys, import_customer.p_provider, import_customer.p_payment));
END
$$;
COMMENT ON FUNCTION affiliate_private.import_customer(bigint, text, text, text, text[]) IS 'The customer with this email, this provider''s customer id and this payment, made where there is none.';

CREATE OR REPLACE FUNCTION affiliate_private.resolve_import(p_project_id bigint, p_kinds text[], p_keys text[], p_provider text, p_payment text[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_customer record := affiliate_private.resolve_customer(resolve_import.p_project_id, resolve_import.p_kinds, resolve_import.p_keys,
                                                          resolve_import.p_provider, resolve_import.p_payment, true);
BEGIN
  PERFORM affiliate_private.settle_sales(resolve_import.p_project_id, v_customer.unsettled);
  RETURN v_customer.customer_id;
END
$$;
COMMENT ON FUNCTION affiliate_private.resolve_import(bigint, text[], text[], text, text[]) IS 'The one customer with these names and this payment, made, or merged and settled, where necessary.';

CREATE OR REPLACE FUNCTION affiliate_private.import_lines(p_project_id bigint, p_import_id bigint, p_kind text) RETURNS json
LANGUAGE plpgsql VOLATILE
-- Like receive_event: every statement looks rows up by key, and plans made for empty tables must not scan full ones.
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  v_line    record;
  v_done    integer := 0;
  v_known   integer := 0;
  v_errors  json[] := '{}';
  v_outcome text;
BEGIN
  PERFORM affiliate_private.lock_inputs(import_lines.p_project_id, true);
  PERFORM affiliate_private.check_project(import_lines.p_project_id);
  -- What happened long ago is no news to anybody's webhooks.
  PERFORM set_config('affiliate.quiet', 'on', true);
  IF import_lines.p_kind = 'conversions' THEN
    v_done := affiliate_private.import_plain_conversions(import_lines.p_project_id, import_lines.p_import_id);
  END IF;
  FOR v_line IN
    SELECT l.line_no, l.fields FROM affiliate_private.import_line AS l
    WHERE l.project_id = import_lines.p_project_id AND l.import_id = import_lines.p_import_id ORDER BY l.line_no
  LOOP
    v_outcome := CASE import_lines.p_kind
      WHEN 'conversions' THEN affiliate_private.import_conversion(import_lines.p_project_id, v_line.fields)
      WHEN 'referrals' THEN affiliate_private.import_referral(import_lines.p_project_id, v_line.fields)
      ELSE affiliate_private.import_affiliate(import_lines.p_project_id, v_line.fields) END;
    IF v_outcome = 'imported' THEN
      v_done := v_done + 1;
    ELSIF v_outcome = 'known' THEN
      v_known := v_known + 1;
    ELSE
      v_errors := v_errors || json_build_object('line', v_line.line_no, 'error', v_outcome);
    END IF;
  END LOOP;
  PERFORM set_config('affiliate.quiet', '', true);
  DELETE FROM affiliate_private.import_line AS l WHERE l.project_id = import_lines.p_project_id AND l.import_id = import_lines.p_import_id;
  RETURN row_to_json(x) FROM (SELECT v_done AS imported, v_known AS known, to_json(v_errors) AS errors) AS x;
END
$$;
COMMENT ON FUNCTION affiliate_private.import_lines(bigint, bigint, text) IS 'Imports the lines of one batch in their order and removes them: {"imported", "known" (there already), "errors": [{"line", "error"}]}. RF404 unknown project.';
