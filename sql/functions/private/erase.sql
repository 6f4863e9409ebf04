-- Forgetting a person. The callers hold lock_inputs exclusively.

CREATE OR REPLACE FUNCTION affiliate_private.erase_emails(p_project_id bigint, p_customer_id bigint, p_emails text[], p_aliases text[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_email text;
  v_alias text;
BEGIN
  -- Everywhere at once and by the same name, so that whatever was worked out from equal emails stays as it is.
  FOR v_n IN 1 .. cardinality(erase_emails.p_emails) LOOP
    v_email := erase_emails.p_emails[v_n];
    v_alias := erase_emails.p_aliases[v_n];
    UPDATE affiliate_private.sale AS s SET email = v_alias
    WHERE s.project_id = erase_emails.p_project_id AND affiliate_private.fold_key(s.email) = v_email
      AND s.customer_id = (SELECT i.customer_id FROM affiliate_private.customer_identity AS i
                           WHERE i.project_id = s.project_id AND i.kind = 'email' AND i.identity_key = v_email);
    UPDATE affiliate_private.sale AS s SET sale_key = 'signup_' || v_alias, source_key = 'signup_' || v_alias
    WHERE s.project_id = erase_emails.p_project_id AND s.provider = 'api' AND s.sale_key = affiliate_private.signup_key(s.project_id, v_email);
    UPDATE affiliate_private.customer_identity AS i SET identity_key = v_alias
    WHERE i.project_id = erase_emails.p_project_id AND i.kind = 'email' AND i.identity_key = v_email;
    UPDATE affiliate_private.referred_user AS r SET email = v_alias, email_key = v_alias
    WHERE r.project_id = erase_emails.p_project_id AND r.email_key = v_email;
    UPDATE affiliate_private.referral_link AS l SET email_key = v_alias
    WHERE l.project_id = erase_emails.p_project_id AND l.email_key = v_email;
    UPDATE affiliate_private.affiliate AS a SET email = v_alias, email_key = v_alias
    WHERE a.project_id = erase_emails.p_project_id AND a.email_key = v_email;
    PERFORM affiliate_private.erase_in_ids(erase_emails.p_project_id, erase_emails.p_customer_id, v_email, v_alias);
    PERFORM affiliate_private.erase_in_words(erase_emails.p_project_id, erase_emails.p_customer_id, v_email, v_alias);
  END LOOP;
END
$$;
COMMENT ON FUNCTION affiliate_private.erase_emails(bigint, bigint, text[], text[]) IS 'Puts an alias in the place of each email of a customer (0: of somebody who is none) in every table.';

CREATE OR REPLACE FUNCTION affiliate_private.erase_in_words(p_project_id bigint, p_customer_id bigint, p_email text, p_alias text) RETURNS void
LANGUAGE sql VOLATILE AS $$
  UPDATE affiliate_private.sale_edit AS d
  SET reference = affiliate_private.without_email(d.reference, erase_in_words.p_email, erase_in_words.p_alias, s.whole),
      coupon_code_used = affiliate_private.without_email(d.coupon_code_used, erase_in_words.p_email, erase_in_words.p_alias, s.whole)
  FROM (SELECT o.project_id, o.sale_id, o.customer_id <> erase_in_words.p_customer_id AS whole FROM affiliate_private.sale AS o) AS s
  WHERE d.project_id = erase_in_words.p_project_id AND s.project_id = d.project_id AND s.sale_id = d.sale_id
    AND (affiliate_private.names_email(d.reference, erase_in_words.p_email, s.whole) OR affiliate_private.names_email(d.coupon_code_used, erase_in_words.p_email, s.whole));
  UPDATE affiliate_private.conversion AS c
  SET reference = affiliate_private.without_email(c.reference, erase_in_words.p_email, erase_in_words.p_alias, s.whole),
      coupon_code_used = affiliate_private.without_email(c.coupon_code_used, erase_in_words.p_email, erase_in_words.p_alias, s.whole)
  FROM (SELECT o.project_id, o.sale_id, o.customer_id <> erase_in_words.p_customer_id AS whole FROM affiliate_private.sale AS o) AS s
  WHERE c.project_id = erase_in_words.p_project_id AND s.project_id = c.project_id AND s.sale_id = c.sale_id
    AND (affiliate_private.names_email(c.reference, erase_in_words.p_email, s.whole) OR affiliate_private.names_email(c.coupon_code_used, erase_in_words.p_email, s.whole));
  UPDATE affiliate_private.payout_batch AS b
  SET note = affiliate_private.without_email(b.note, erase_in_words.p_email, erase_in_words.p_alias),
      -- Two of them must not become one.
      reference = CASE WHEN affiliate_private.names_email(b.reference, erase_in_words.p_email) THEN 'erased-' || b.batch_id ELSE b.reference END
  WHERE b.project_id = erase_in_words.p_project_id
    AND (affiliate_private.names_email(b.note, erase_in_words.p_email) OR affiliate_private.names_email(b.reference, erase_in_words.p_email));
  UPDATE affiliate_private.payout AS o
  SET reason = affiliate_private.without_email(o.reason, erase_in_words.p_email, erase_in_words.p_alias),
      transaction_id = affiliate_private.without_email(o.transaction_id, erase_in_words.p_email, erase_in_words.p_alias)
  WHERE o.project_id = erase_in_words.p_project_id
    AND (affiliate_private.names_email(o.reason, erase_in_words.p_email) OR affiliate_private.names_email(o.transaction_id, erase_in_words.p_email));
  UPDATE affiliate_private.payout_request AS r
  SET reason = affiliate_private.without_email(r.reason, erase_in_words.p_email, erase_in_words.p_alias)
  WHERE r.project_id = erase_in_words.p_project_id AND affiliate_private.names_email(r.reason, erase_in_words.p_email);
$$;
COMMENT ON FUNCTION affiliate_private.erase_in_words(bigint, bigint, text, text) IS 'Puts an alias in the place of an email in what people wrote: references, notes, reasons, transaction ids. In sales of the customer it may be joined to other letters.';

CREATE OR REPLACE FUNCTION affiliate_private.erase_in_ids(p_project_id bigint, p_customer_id bigint, p_email text, p_alias text) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_old text;
  v_new text;
BEGIN
  -- Shops and imported files may use emails as ids.
  FOR v_old IN
    SELECT i.identity_key FROM affiliate_private.customer_identity AS i
    WHERE i.project_id = erase_in_ids.p_project_id AND i.kind <> 'email' AND affiliate_private.names_email(i.identity_key, erase_in_ids.p_email)
    UNION
    SELECT s.customer_key FROM affiliate_private.sale AS s
    WHERE s.project_id = erase_in_ids.p_project_id AND affiliate_private.names_email(s.customer_key, erase_in_ids.p_email)
    UNION
    SELECT substr(e.scope_key, length('customer:') + 1) FROM affiliate_private.evidence AS e
    WHERE e.project_id = erase_in_ids.p_project_id AND e.scope_key LIKE 'customer:%' AND affiliate_private.names_email(e.scope_key, erase_in_ids.p_email)
    ORDER BY 1
  LOOP
    v_new := affiliate_private.without_email(v_old, erase_in_ids.p_email, erase_in_ids.p_alias);
    -- Ids may have differed in nothing but capitals of the email.
    WHILE EXISTS (SELECT FROM affiliate_private.customer_identity AS i WHERE i.project_id = erase_in_ids.p_project_id AND i.kind <> 'email' AND i.identity_key = v_new)
       OR EXISTS (SELECT FROM affiliate_private.evidence AS e WHERE e.project_id = erase_in_ids.p_project_id AND e.scope_key = 'customer:' || v_new) LOOP
      v_new := v_new || '-';
    END LOOP;
    UPDATE affiliate_private.customer_identity AS i SET identity_key = v_new
    WHERE i.project_id = erase_in_ids.p_project_id AND i.kind <> 'email' AND i.identity_key = v_old;
    UPDATE affiliate_private.sale AS s SET customer_key = v_new WHERE s.project_id = erase_in_ids.p_project_id AND s.customer_key = v_old;
    UPDATE affiliate_private.evidence AS e SET scope_key = 'customer:' || v_new
    WHERE e.project_id = erase_in_ids.p_project_id AND e.scope_key = 'customer:' || v_old;
  END LOOP;
  PERFORM affiliate_private.rename_sale(s, affiliate_private.without_email(s.sale_key, erase_in_ids.p_email, erase_in_ids.p_alias,
                                                                           s.customer_id <> erase_in_ids.p_customer_id))
  FROM affiliate_private.sale AS s
  WHERE s.project_id = erase_in_ids.p_project_id AND s.provider <> 'api'
    AND affiliate_private.names_email(s.sale_key, erase_in_ids.p_email, s.customer_id <> erase_in_ids.p_customer_id);
END
$$;
COMMENT ON FUNCTION affiliate_private.erase_in_ids(bigint, bigint, text, text) IS 'Puts an alias in the place of an email that is an id, or part of one, of a customer or a sale. In sales of the customer it may be joined to other letters.';

CREATE OR REPLACE FUNCTION affiliate_private.erase_affiliate(p_project_id bigint, p_affiliate_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row  affiliate_private.affiliate;
  v_code text;
BEGIN
  SELECT a.* INTO STRICT v_row FROM affiliate_private.affiliate AS a
  WHERE a.project_id = erase_affiliate.p_project_id AND a.affiliate_id = erase_affiliate.p_affiliate_id;
  -- Codes may be names. One that somebody else has owned too must stay: it credits their sales.
  FOR v_code IN
    SELECT c.code_key FROM affiliate_private.attribution_code AS c
    WHERE c.project_id = v_row.project_id AND c.namespace = 'referral'
      AND c.code_key IN (SELECT o.code_key FROM affiliate_private.attribution_code AS o
                         WHERE o.project_id = v_row.project_id AND o.namespace = 'referral' AND o.affiliate_id = v_row.affiliate_id)
    GROUP BY c.code_key HAVING bool_and(c.affiliate_id IS NULL OR c.affiliate_id = v_row.affiliate_id)
  LOOP
    PERFORM affiliate_private.rename_code(v_row.project_id, v_code, affiliate_private.fold_key('erased-' || affiliate_private.random_code(16)));
  END LOOP;
  UPDATE affiliate_private.affiliate AS a
  SET partner_slug = NULL, partner_slug_key = NULL, status = 'inactive'
  WHERE a.project_id = v_row.project_id AND a.affiliate_id = v_row.affiliate_id;
  IF v_row.status = 'active' THEN
    INSERT INTO affiliate_private.affiliate_status (project_id, affiliate_id, effective_at, status)
    VALUES (v_row.project_id, v_row.affiliate_id, clock_timestamp(), 'inactive');
  END IF;
  DELETE FROM affiliate_private.payout_preference AS f WHERE f.project_id = v_row.project_id AND f.affiliate_id = v_row.affiliate_id;
  UPDATE affiliate_private.payout_request AS r SET reason = NULL WHERE r.project_id = v_row.project_id AND r.affiliate_id = v_row.affiliate_id;
  UPDATE affiliate_private.payout AS o SET destination = '{}', reason = NULL WHERE o.project_id = v_row.project_id AND o.affiliate_id = v_row.affiliate_id;
END
$$;
COMMENT ON FUNCTION affiliate_private.erase_affiliate(bigint, bigint) IS 'Forgets who an affiliate is: codes, slug, account details; inactive from now on. The caller holds lock_inputs exclusively.';

CREATE OR REPLACE FUNCTION affiliate_private.rename_sale(p_sale affiliate_private.sale, p_new_key text) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_sale affiliate_private.sale := rename_sale.p_sale;
  v_key  text := rename_sale.p_new_key;
BEGIN
  -- Keys may have differed in nothing but capitals of the email.
  IF EXISTS (SELECT FROM affiliate_private.sale AS s WHERE s.project_id = v_sale.project_id AND s.provider = v_sale.provider AND s.sale_key = v_key) THEN
    v_key := v_key || '-' || v_sale.sale_id;
  END IF;
  UPDATE affiliate_private.sale AS s SET sale_key = v_key
  WHERE s.project_id = v_sale.project_id AND s.sale_id = v_sale.sale_id;
  UPDATE affiliate_private.conversion AS c SET reference = v_key
  WHERE c.project_id = v_sale.project_id AND c.sale_id = v_sale.sale_id AND c.reference = v_sale.sale_key
    AND NOT EXISTS (SELECT FROM affiliate_private.sale_edit AS d
                    WHERE d.project_id = c.project_id AND d.sale_id = c.sale_id AND d.reference IS NOT NULL);
  UPDATE affiliate_private.evidence AS e SET scope_key = v_key
  WHERE e.project_id = v_sale.project_id AND e.provider = v_sale.provider AND e.scope_key = v_sale.sale_key;
  UPDATE affiliate_private.refund AS r SET alias_key = v_key,
    refund_key = CASE WHEN r.refund_key = 'import:' || v_sale.sale_key THEN 'import:' || v_key ELSE r.refund_key END
  WHERE r.project_id = v_sale.project_id AND r.provider = v_sale.provider AND r.alias_key = v_sale.sale_key;
  UPDATE affiliate_private.payment_link AS l
  SET alias_key = CASE l.alias_key WHEN v_sale.sale_key THEN v_key ELSE l.alias_key END,
      target_key = CASE l.target_key WHEN v_sale.sale_key THEN v_key ELSE l.target_key END
  WHERE l.project_id = v_sale.project_id AND l.provider = v_sale.provider AND v_sale.sale_key IN (l.alias_key, l.target_key);
END
$$;
COMMENT ON FUNCTION affiliate_private.rename_sale(affiliate_private.sale, text) IS 'Gives a sale (an imported one, whose key somebody chose) another key, and whatever speaks of it by that key.';

CREATE OR REPLACE FUNCTION affiliate_private.rename_code(p_project_id bigint, p_code_key text, p_new_key text) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  UPDATE affiliate_private.attribution_code AS c SET code_key = rename_code.p_new_key
  WHERE c.project_id = rename_code.p_project_id AND c.namespace = 'referral' AND c.code_key = rename_code.p_code_key;
  UPDATE affiliate_private.evidence AS e SET code_key = rename_code.p_new_key
  WHERE e.project_id = rename_code.p_project_id AND e.namespace = 'referral' AND e.code_key = rename_code.p_code_key;
  UPDATE affiliate_private.affiliate AS a SET referral_code = rename_code.p_new_key, referral_code_key = rename_code.p_new_key
  WHERE a.project_id = rename_code.p_project_id AND a.referral_code_key = rename_code.p_code_key;
END
$$;
COMMENT ON FUNCTION affiliate_private.rename_code(bigint, text, text) IS 'Gives a referral code another name in its history and in the evidence that speaks of it, so that it credits as before.';
