-- Most lines of a history are alike: a sale in the project's currency, of a customer with one email, credited to an affiliate
-- who was always active. What settling would make of them is known without asking row by row, and is written all at once.
-- affiliate.verify settles them again from their facts and finds no difference.

CREATE OR REPLACE FUNCTION affiliate_private.imports_plainly(p_project_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- A commission that ends, levels and parents of affiliates make a sale's pay depend on more than the sale.
  RETURN NOT EXISTS (SELECT FROM affiliate_private.project_setting AS s
                     WHERE s.project_id = imports_plainly.p_project_id AND s.commission_duration <> 'lifetime')
     AND NOT EXISTS (SELECT FROM affiliate_private.commission_level AS l WHERE l.project_id = imports_plainly.p_project_id)
     AND NOT EXISTS (SELECT FROM affiliate_private.affiliate_parent AS v WHERE v.project_id = imports_plainly.p_project_id);
END
$$;
COMMENT ON FUNCTION affiliate_private.imports_plainly(bigint) IS 'Whether what a sale of a project pays depends on nothing but the sale, its affiliate and the rules in force.';

CREATE OR REPLACE FUNCTION affiliate_private.import_plain_conversions(p_project_id bigint, p_import_id bigint) RETURNS integer
LANGUAGE plpgsql VOLATILE
-- The lines themselves have no index. Everything else is looked up by its key.
SET enable_hashjoin = off SET enable_seqscan = off SET enable_mergejoin = off AS $$
DECLARE
  v_done integer;
BEGIN
  IF NOT affiliate_private.imports_plainly(import_plain_conversions.p_project_id) THEN
    RETURN 0;
  END IF;
  PERFORM affiliate_private.choose_plain_lines(import_plain_conversions.p_project_id, import_plain_conversions.p_import_id);
  PERFORM affiliate_private.write_plain_facts(import_plain_conversions.p_project_id, import_plain_conversions.p_import_id);
  PERFORM affiliate_private.write_plain_conversions(import_plain_conversions.p_project_id, import_plain_conversions.p_import_id);
  PERFORM affiliate_private.settle_sales(import_plain_conversions.p_project_id, ARRAY(
    SELECT s.sale_id
    FROM (SELECT m.email_key, min(m.occurred_at) AS occurred_at FROM affiliate_private.import_sale AS m
          WHERE m.project_id = import_plain_conversions.p_project_id AND m.import_id = import_plain_conversions.p_import_id GROUP BY m.email_key) AS f
    JOIN affiliate_private.customer_identity AS i ON i.project_id = import_plain_conversions.p_project_id AND i.kind = 'email' AND i.identity_key = f.email_key
    JOIN affiliate_private.sale AS s ON s.project_id = i.project_id AND s.customer_id = i.customer_id AND s.occurred_at > f.occurred_at - interval '1 second'
    JOIN affiliate_private.conversion AS c ON c.project_id = s.project_id AND c.sale_id = s.sale_id
    -- About these nothing else is known: they follow the customer's earlier sales.
    WHERE c.evidence_id IS NULL OR c.attribution_source = 'email'
    ORDER BY s.occurred_at, s.sale_id));
  DELETE FROM affiliate_private.import_line AS l
  WHERE l.project_id = import_plain_conversions.p_project_id AND l.import_id = import_plain_conversions.p_import_id
    -- IS TRUE keeps it from becoming a join, of which the planner would make a loop over all pairs of lines.
    AND (l.line_no IN (SELECT m.line_no FROM affiliate_private.import_sale AS m
                       WHERE m.project_id = import_plain_conversions.p_project_id AND m.import_id = import_plain_conversions.p_import_id)) IS TRUE;
  DELETE FROM affiliate_private.import_sale AS m
  WHERE m.project_id = import_plain_conversions.p_project_id AND m.import_id = import_plain_conversions.p_import_id;
  GET DIAGNOSTICS v_done = ROW_COUNT;
  RETURN v_done;
END
$$;
COMMENT ON FUNCTION affiliate_private.import_plain_conversions(bigint, bigint) IS 'Imports those lines of a batch that are plain, removes them and gives how many; the others are left for import_conversion.';

CREATE OR REPLACE FUNCTION affiliate_private.choose_plain_lines(p_project_id bigint, p_import_id bigint) RETURNS void
LANGUAGE sql VOLATILE AS $$
  INSERT INTO affiliate_private.import_sale
    (project_id, import_id, line_no, sale_id, provider, sale_key, type, email, email_key, affiliate_id, occurred_at, base_minor, value_minor, refunded_minor, paid,
     reference, coupon_code_used)
  SELECT l.project_id, l.import_id, l.line_no, nextval(pg_get_serial_sequence('affiliate_private.sale', 'sale_id')), (r.sale).provider, (r.sale).sale_key,
         (r.sale).type, (r.sale).email, k.email_key, r.affiliate_id, (r.sale).occurred_at, (r.sale).base_minor, r.value_minor, r.refunded_minor, r.paid,
         l.fields ->> 'reference', l.fields ->> 'coupon_code_used'
  FROM (
    -- Of lines that share a name the order decides, and only one by one do they keep it.
    SELECT n.*, count(*) OVER (PARTITION BY coalesce(n.fields ->> 'sale_key', n.fields ->> 'reference', n.fields::text)) AS same_key,
           count(*) OVER (PARTITION BY coalesce(n.fields ->> 'reference', n.fields ->> 'sale_key', n.fields::text)) AS same_reference
    FROM affiliate_private.import_line AS n
    WHERE n.project_id = choose_plain_lines.p_project_id AND n.import_id = choose_plain_lines.p_import_id) AS l
  JOIN affiliate_private.project AS p ON p.project_id = l.project_id
  CROSS JOIN LATERAL (SELECT (x.line).* FROM (SELECT affiliate_private.read_conversion(l.project_id, l.fields, p.currency) AS line OFFSET 0) AS x) AS r
  CROSS JOIN LATERAL (SELECT affiliate_private.fold_key((r.sale).email) AS email_key) AS k
  JOIN affiliate_private.affiliate AS a ON a.project_id = l.project_id AND a.affiliate_id = r.affiliate_id AND a.email_key <> k.email_key
  WHERE l.same_key = 1 AND l.same_reference = 1 AND r.error IS NULL AND (r.sale).currency = p.currency AND (r.sale).customer_key IS NULL AND k.email_key IS NOT NULL
    AND NOT EXISTS (SELECT FROM affiliate_private.affiliate_status AS s
                    WHERE s.project_id = l.project_id AND s.affiliate_id = r.affiliate_id AND s.status <> 'active')
    AND NOT EXISTS (SELECT FROM affiliate_private.sale AS s
                    WHERE s.project_id = l.project_id AND s.provider = (r.sale).provider AND s.sale_key = (r.sale).sale_key)
    AND NOT EXISTS (SELECT FROM affiliate_private.conversion AS c
                    WHERE c.project_id = l.project_id AND c.reference = l.fields ->> 'reference' AND c.deleted_at IS NULL)
    AND NOT EXISTS (SELECT FROM affiliate_private.evidence AS e
                    WHERE e.project_id = l.project_id AND e.provider = (r.sale).provider AND e.scope_key = (r.sale).sale_key)
    AND NOT EXISTS (SELECT FROM affiliate_private.refund AS f
                    WHERE f.project_id = l.project_id AND f.provider = (r.sale).provider AND f.alias_key = (r.sale).sale_key)
    AND NOT EXISTS (SELECT FROM affiliate_private.payment_link AS n
                    WHERE n.project_id = l.project_id AND n.provider = (r.sale).provider AND (r.sale).sale_key IN (n.alias_key, n.target_key))
    AND NOT EXISTS (SELECT FROM affiliate_private.customer_identity AS y
                    WHERE y.project_id = l.project_id AND y.kind = affiliate_private.payment_kind((r.sale).provider) AND y.identity_key = (r.sale).sale_key)
    AND NOT EXISTS (SELECT FROM affiliate_private.customer_identity AS i
                    JOIN affiliate_private.customer_identity AS o ON o.project_id = i.project_id AND o.customer_id = i.customer_id
                    WHERE i.project_id = l.project_id AND i.kind = 'email' AND i.identity_key = k.email_key
                      AND (o.kind <> 'email' OR o.identity_key <> i.identity_key))
$$;
COMMENT ON FUNCTION affiliate_private.choose_plain_lines(bigint, bigint) IS 'The lines of a batch that are plain: nothing but what they say themselves is known of their sale.';

CREATE OR REPLACE FUNCTION affiliate_private.write_plain_facts(p_project_id bigint, p_import_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  WITH named AS MATERIALIZED (
    SELECT n.email_key, nextval(pg_get_serial_sequence('affiliate_private.customer', 'customer_id')) AS customer_id
    FROM (SELECT DISTINCT m.email_key FROM affiliate_private.import_sale AS m
          WHERE m.project_id = write_plain_facts.p_project_id AND m.import_id = write_plain_facts.p_import_id
            AND NOT EXISTS (SELECT FROM affiliate_private.customer_identity AS i
                            WHERE i.project_id = m.project_id AND i.kind = 'email' AND i.identity_key = m.email_key)) AS n
  ), made AS (
    INSERT INTO affiliate_private.customer (project_id, customer_id) SELECT write_plain_facts.p_project_id, named.customer_id FROM named
  )
  INSERT INTO affiliate_private.customer_identity (project_id, kind, identity_key, customer_id)
  SELECT write_plain_facts.p_project_id, 'email', named.email_key, named.customer_id FROM named;

  INSERT INTO affiliate_private.sale
    (project_id, sale_id, provider, sale_key, type, customer_id, email, occurred_at, source_key, currency, gross_minor, base_minor, refund_basis_minor,
     line_base_minor, line_product, counts_at)
  SELECT m.project_id, m.sale_id, m.provider, m.sale_key, m.type, i.customer_id, m.email, m.occurred_at, 'import', affiliate_private.project_currency(m.project_id),
         m.base_minor, m.base_minor, m.base_minor, ARRAY[m.base_minor], ARRAY[''], m.occurred_at
  FROM affiliate_private.import_sale AS m
  JOIN affiliate_private.customer_identity AS i ON i.project_id = m.project_id AND i.kind = 'email' AND i.identity_key = m.email_key
  WHERE m.project_id = write_plain_facts.p_project_id AND m.import_id = write_plain_facts.p_import_id;

  INSERT INTO affiliate_private.evidence (project_id, customer_id, provider, scope_key, source, namespace, code_key, observed_at)
  SELECT m.project_id, i.customer_id, m.provider, m.sale_key, 'manual', 'affiliate', m.affiliate_id::text, m.occurred_at
  FROM affiliate_private.import_sale AS m
  JOIN affiliate_private.customer_identity AS i ON i.project_id = m.project_id AND i.kind = 'email' AND i.identity_key = m.email_key
  WHERE m.project_id = write_plain_facts.p_project_id AND m.import_id = write_plain_facts.p_import_id;

  INSERT INTO affiliate_private.sale_edit (project_id, sale_id, value_minor, reference, coupon_code_used)
  SELECT m.project_id, m.sale_id, m.value_minor, m.reference, m.coupon_code_used
  FROM affiliate_private.import_sale AS m
  WHERE m.project_id = write_plain_facts.p_project_id AND m.import_id = write_plain_facts.p_import_id
    AND (m.value_minor IS NOT NULL OR m.reference IS NOT NULL OR m.coupon_code_used IS NOT NULL);

  INSERT INTO affiliate_private.refund (project_id, provider, refund_key, alias_key, mode, amount_minor, void, currency, occurred_at, source_key)
  SELECT m.project_id, m.provider, 'import:' || m.sale_key, m.sale_key, 'cumulative', m.refunded_minor, false, affiliate_private.project_currency(m.project_id),
         m.occurred_at, 'import'
  FROM affiliate_private.import_sale AS m
  WHERE m.project_id = write_plain_facts.p_project_id AND m.import_id = write_plain_facts.p_import_id AND m.refunded_minor > 0;

  INSERT INTO affiliate_private.referred_user AS r
    (project_id, email, email_key, affiliate_id, conversion_status, conversion_date, created_at, signed_up_at)
  SELECT m.project_id, (array_agg(m.email ORDER BY m.line_no))[1], m.email_key, (array_agg(m.affiliate_id ORDER BY m.line_no DESC))[1],
         CASE WHEN bool_or(m.type = 'purchase') THEN 'converted' ELSE 'pending' END, min(m.occurred_at) FILTER (WHERE m.type = 'purchase'),
         min(m.occurred_at), min(m.occurred_at)
  FROM affiliate_private.import_sale AS m
  WHERE m.project_id = write_plain_facts.p_project_id AND m.import_id = write_plain_facts.p_import_id
  GROUP BY m.project_id, m.email_key
  ON CONFLICT (project_id, email_key) WHERE deleted_at IS NULL DO UPDATE
    SET affiliate_id = excluded.affiliate_id, conversion_date = least(r.conversion_date, excluded.conversion_date),
        conversion_status = CASE WHEN excluded.conversion_status = 'converted' THEN 'converted'
                                 WHEN r.conversion_status = 'direct_signup' THEN 'pending' ELSE r.conversion_status END;
END
$$;
COMMENT ON FUNCTION affiliate_private.write_plain_facts(bigint, bigint) IS 'Customers, sales, edits, evidence, refunds and referred users of plain lines.';

CREATE OR REPLACE FUNCTION affiliate_private.write_plain_conversions(p_project_id bigint, p_import_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_affiliate_ids bigint[];
BEGIN
  WITH made AS (
    INSERT INTO affiliate_private.conversion AS c
      (project_id, sale_id, type, referred_user_id, affiliate_id, attribution_source, evidence_id, rule_source, currency, base_minor, line_base_minor,
       line_rate_ppm, line_fixed_minor, fx_ppb, value_override_minor, occurred_at, hold_days, refunded_minor, refund_basis_minor, canceled, paid,
       coupon_code_used, reference)
    SELECT s.project_id, s.sale_id, s.type, u.referred_user_id, m.affiliate_id, 'manual', e.evidence_id,
           CASE k.rule[1] WHEN 1 THEN 'affiliate' WHEN 3 THEN 'project' ELSE 'none' END, s.currency, s.base_minor, s.line_base_minor,
           ARRAY[coalesce(k.rule[2], 0)], ARRAY[coalesce(k.rule[3], 0)], 1000000000, m.value_minor, s.occurred_at, v.hold_days,
           least(m.refunded_minor, greatest(s.base_minor, 0)), s.base_minor, false, m.paid, m.coupon_code_used, coalesce(m.reference, s.sale_key)
    FROM affiliate_private.import_sale AS m
    JOIN affiliate_private.sale AS s ON s.project_id = m.project_id AND s.sale_id = m.sale_id
    JOIN affiliate_private.evidence AS e ON e.project_id = m.project_id AND e.provider = m.provider AND e.scope_key = m.sale_key
    JOIN affiliate_private.referred_user AS u ON u.project_id = m.project_id AND u.email_key = m.email_key AND u.deleted_at IS NULL
    CROSS JOIN LATERAL affiliate_private.setting_at(s.project_id, s.occurred_at) AS v
    CROSS JOIN LATERAL (SELECT CASE WHEN s.type = 'purchase' THEN
      affiliate_private.choose_rule(affiliate_private.affiliate_rule_at(s.project_id, m.affiliate_id, s.occurred_at), NULL, ARRAY[v.rate_ppm, v.fixed_minor]) END AS rule) AS k
    WHERE m.project_id = write_plain_conversions.p_project_id AND m.import_id = write_plain_conversions.p_import_id
    ORDER BY m.line_no
    RETURNING c.*
  ), worth AS (
    SELECT d.project_id, d.conversion_id, d.affiliate_id, d.type, d.currency, d.paid, d.commission_minor, CASE WHEN NOT d.paid THEN d.release_at END AS release_at,
           CASE WHEN d.refunded_minor > 0 THEN affiliate_kernel.refund_share(d.commission_minor, d.refunded_minor, d.refund_basis_minor) ELSE 0 END AS reversed_minor
    FROM made AS d
  ), entry AS (
    INSERT INTO affiliate_private.ledger_entry (project_id, affiliate_id, conversion_id, kind, amount_minor, currency, release_at)
    SELECT w.project_id, w.affiliate_id, w.conversion_id, t.kind, t.amount_minor, w.currency, t.release_at
    FROM worth AS w
    CROSS JOIN LATERAL (VALUES (1, 'commission', w.commission_minor, w.release_at), (2, 'refund', -w.reversed_minor, w.release_at),
                               (3, 'payout', CASE WHEN w.paid THEN w.reversed_minor - w.commission_minor ELSE 0 END, NULL)) AS t (n, kind, amount_minor, release_at)
    WHERE t.amount_minor <> 0
    ORDER BY w.conversion_id, t.n
  ), delta AS (
    INSERT INTO affiliate_private.balance_delta AS b (project_id, affiliate_id, total_minor, paid_minor, release_at, purchases, signups)
    SELECT w.project_id, w.affiliate_id, sum(w.commission_minor - w.reversed_minor),
           coalesce(sum(w.commission_minor - w.reversed_minor) FILTER (WHERE w.paid), 0), w.release_at,
           count(*) FILTER (WHERE w.type = 'purchase'), count(*) FILTER (WHERE w.type = 'signup')
    FROM worth AS w GROUP BY w.project_id, w.affiliate_id, w.release_at
    RETURNING b.affiliate_id, b.delta_id
  )
  SELECT array_agg(DISTINCT delta.affiliate_id) FILTER (WHERE delta.delta_id % 32 = 0) INTO v_affiliate_ids FROM delta;
  PERFORM affiliate_private.fold_balance(write_plain_conversions.p_project_id, f.affiliate_id) FROM unnest(v_affiliate_ids) AS f (affiliate_id);
END
$$;
COMMENT ON FUNCTION affiliate_private.write_plain_conversions(bigint, bigint) IS 'Conversions of plain lines and what they book: commission, refund, payout, and the same to the balances.';
