-- What is known of one person, found by an email: the customer behind it with all names, and affiliates with one of the emails.

CREATE OR REPLACE FUNCTION affiliate_private.find_person(p_project_id bigint, p_email text,
                                                         OUT emails text[], OUT customer_id bigint, OUT affiliate_ids bigint[], OUT ids jsonb)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_email text := affiliate_private.fold_key(affiliate_private.check_email('email', find_person.p_email));
BEGIN
  PERFORM affiliate_private.check_project(find_person.p_project_id);
  SELECT i.customer_id INTO find_person.customer_id FROM affiliate_private.customer_identity AS i
  WHERE i.project_id = find_person.p_project_id AND i.kind = 'email' AND i.identity_key = v_email;
  emails := ARRAY(
    SELECT v_email UNION
    SELECT i.identity_key FROM affiliate_private.customer_identity AS i
    WHERE i.project_id = find_person.p_project_id AND i.customer_id = find_person.customer_id AND i.kind = 'email');
  affiliate_ids := ARRAY(SELECT a.affiliate_id FROM affiliate_private.affiliate AS a
                         WHERE a.project_id = find_person.p_project_id AND a.email_key = ANY (find_person.emails));
  IF find_person.customer_id IS NULL AND cardinality(affiliate_ids) = 0
     AND NOT EXISTS (SELECT FROM affiliate_private.referred_user AS r WHERE r.project_id = find_person.p_project_id AND r.email_key = v_email) THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Nobody with this email is known';
  END IF;
  -- How bodies speak of the person: emails anywhere, ids as whole strings. Mere numbers are ids of many things, and the email stands beside them.
  ids := (
    SELECT coalesce(jsonb_object_agg(btrim(lower(to_json(n.name)::text COLLATE "C"), '"'), true), '{}') FROM (
      SELECT i.identity_key FROM affiliate_private.customer_identity AS i
      WHERE i.project_id = find_person.p_project_id AND i.customer_id = find_person.customer_id AND i.kind <> 'email'
      UNION
      SELECT unnest(affiliate_private.payment_component(s.project_id, s.provider, ARRAY[s.sale_key])) FROM affiliate_private.sale AS s
      WHERE s.project_id = find_person.p_project_id AND s.customer_id = find_person.customer_id) AS n (name)
    WHERE n.name ~ '[A-Za-z]');
END
$$;
COMMENT ON FUNCTION affiliate_private.find_person(bigint, text) IS 'One person: all their emails (folded), the customer, the affiliates, and ids that bodies about them contain (members of an object, lower-case, as JSON strings are written). RF400 malformed email, RF404 nobody.';

CREATE OR REPLACE FUNCTION affiliate_private.mentions(p_body bytea, p_emails text[], p_ids jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_text   text;
  v_spaced text;
  v_email  text;
BEGIN
  BEGIN
    v_text := convert_from(mentions.p_body, 'UTF8');
    IF strpos(v_text, '\u') > 0 OR strpos(v_text, '\/') > 0 THEN
      -- An escaped @ is one too.
      v_text := coalesce((affiliate_private.event_doc(mentions.p_body)).doc::text, v_text);
    END IF;
  EXCEPTION WHEN data_exception THEN
    v_text := encode(mentions.p_body, 'escape');
  END;
  -- As fold_key does: by the database's rules another capital than A to Z would be another word.
  v_text := lower(v_text COLLATE "C");
  -- What stands for a character that cannot be stored may be a part of an address, or stand beside it.
  v_spaced := replace(v_text, U&'\FFFD', ' ');
  FOREACH v_email IN ARRAY mentions.p_emails LOOP
    IF affiliate_private.names_email(v_text, v_email) OR affiliate_private.names_email(v_spaced, v_email) THEN
      RETURN true;
    END IF;
  END LOOP;
  -- Each string is looked up among the ids, of which a good customer has thousands.
  RETURN mentions.p_ids <> '{}' AND EXISTS (
    SELECT FROM regexp_matches(v_text, '"((?:[^"\\]|\\.)*)"', 'g') AS m (string) WHERE mentions.p_ids ? m.string[1]);
END
$$;
COMMENT ON FUNCTION affiliate_private.mentions(bytea, text[], jsonb) IS 'Whether a body names one of these emails, or has one of these ids (find_person) as a string, however JSON writes it.';

CREATE OR REPLACE FUNCTION affiliate_private.email_pattern(p_email_key text, p_whole boolean) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  -- Of the characters that an address may have before its @, those that text has between words too are taken for such; and JSON
  -- writes the end of a line as a letter after a backslash.
  SELECT CASE WHEN email_pattern.p_whole THEN '((?<![a-z0-9_.+-]|[^[:ascii:]])|(?<=\\[bfnrt]|\\u00[01][0-9a-f]))' ELSE '' END
         || regexp_replace(email_pattern.p_email_key, '([].+*?^$|(){}[\\/-])', '\\\1', 'g')
         || CASE WHEN email_pattern.p_whole THEN '(?![a-z0-9-]|\.[a-z0-9])' ELSE '' END
$$;
COMMENT ON FUNCTION affiliate_private.email_pattern(text, boolean) IS 'What finds an email (folded) in a text; p_whole: and not in another one of which it is a part. To be used with collation C and without regard to case.';

CREATE OR REPLACE FUNCTION affiliate_private.names_email(p_text text, p_email_key text, p_whole boolean DEFAULT true) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT strpos(lower(names_email.p_text COLLATE "C"), names_email.p_email_key) > 0
     AND names_email.p_text COLLATE "C" ~* affiliate_private.email_pattern(names_email.p_email_key, names_email.p_whole)
$$;
COMMENT ON FUNCTION affiliate_private.names_email(text, text, boolean) IS 'Whether a text names an email (folded), as a whole or also as a part of another one; NULL for NULL.';

CREATE OR REPLACE FUNCTION affiliate_private.without_email(p_text text, p_email_key text, p_alias text, p_whole boolean DEFAULT true) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT regexp_replace(without_email.p_text COLLATE "C", affiliate_private.email_pattern(without_email.p_email_key, without_email.p_whole),
                        without_email.p_alias, 'gi')
$$;
COMMENT ON FUNCTION affiliate_private.without_email(text, text, text, boolean) IS 'A text with something else in the place of an email (folded); the rest stays as it is.';

CREATE OR REPLACE FUNCTION affiliate_private.is_erased_email(p_email_key text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT is_erased_email.p_email_key LIKE 'erased-%@erased.invalid'
$$;
COMMENT ON FUNCTION affiliate_private.is_erased_email(text) IS 'Whether it stands in the place of an email.';

CREATE OR REPLACE FUNCTION affiliate_private.erased_email(p_policy affiliate_private.data_policy, p_email_key text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_hash  text := left(encode(affiliate_private.personal_hash(erased_email.p_policy, 'email', erased_email.p_email_key), 'hex'), 40);
  v_alias text;
BEGIN
  -- Somebody who came back after having been erased gets another one.
  FOR v_n IN 1 .. 1000 LOOP
    v_alias := format('erased-%s%s@erased.invalid', v_hash, CASE WHEN v_n > 1 THEN '-' || v_n ELSE '' END);
    EXIT WHEN NOT EXISTS (SELECT FROM affiliate_private.customer_identity AS i
                          WHERE i.project_id = (erased_email.p_policy).project_id AND i.kind = 'email' AND i.identity_key = v_alias)
      AND NOT EXISTS (SELECT FROM affiliate_private.referred_user AS r
                      WHERE r.project_id = (erased_email.p_policy).project_id AND r.email_key = v_alias)
      AND NOT EXISTS (SELECT FROM affiliate_private.affiliate AS a
                      WHERE a.project_id = (erased_email.p_policy).project_id AND a.email_key = v_alias)
      AND NOT EXISTS (SELECT FROM affiliate_private.sale AS s
                      WHERE s.project_id = (erased_email.p_policy).project_id AND s.provider = 'api' AND s.sale_key = 'signup_' || v_alias);
  END LOOP;
  RETURN v_alias;
END
$$;
COMMENT ON FUNCTION affiliate_private.erased_email(affiliate_private.data_policy, text) IS 'What stands in the place of an erased email: its keyed hash, in the form of an address that cannot exist.';

CREATE OR REPLACE FUNCTION affiliate_private.affiliate_export_json(p_affiliate affiliate_private.affiliate) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT a.affiliate_id AS id, a.email, a.referral_code, a.partner_slug, a.status, a.created_at, a.deleted_at,
           (SELECT row_to_json(f) FROM affiliate_private.payout_preference AS f
            WHERE f.project_id = a.project_id AND f.affiliate_id = a.affiliate_id) AS payout_preference,
           to_json(ARRAY(SELECT row_to_json(o) FROM affiliate_private.payout AS o
            WHERE o.project_id = a.project_id AND o.affiliate_id = a.affiliate_id ORDER BY o.payout_id)) AS payouts,
           to_json(ARRAY(SELECT row_to_json(r) FROM affiliate_private.payout_request AS r
            WHERE r.project_id = a.project_id AND r.affiliate_id = a.affiliate_id ORDER BY r.request_id)) AS payout_requests,
           to_json(ARRAY(SELECT affiliate_private.coupon_json(c) FROM affiliate_private.coupon AS c
            WHERE c.project_id = a.project_id AND c.affiliate_id = a.affiliate_id ORDER BY c.coupon_id)) AS coupons,
           to_json(ARRAY(SELECT row_to_json(e) FROM affiliate_private.ledger_entry AS e
            WHERE e.project_id = a.project_id AND e.affiliate_id = a.affiliate_id ORDER BY e.entry_id)) AS ledger
    FROM (SELECT (affiliate_export_json.p_affiliate).*) AS a) AS x
$$;
COMMENT ON FUNCTION affiliate_private.affiliate_export_json(affiliate_private.affiliate) IS 'Everything stored about an affiliate.';
