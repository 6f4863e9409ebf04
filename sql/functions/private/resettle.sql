-- After a change of what settle reads: settle again what it may touch. The caller holds lock_inputs exclusively.

CREATE OR REPLACE FUNCTION affiliate_private.resettle_since(p_project_id bigint, p_at timestamptz) RETURNS void
LANGUAGE sql VOLATILE AS $$
  SELECT affiliate_private.resettle_customers(resettle_since.p_project_id, ARRAY(
    SELECT s.customer_id FROM affiliate_private.conversion AS c
    JOIN affiliate_private.sale AS s ON s.project_id = c.project_id AND s.sale_id = c.sale_id
    -- All types and both states of paid, spelled out for conversion_listing_idx.
    WHERE c.project_id = resettle_since.p_project_id AND c.occurred_at > resettle_since.p_at - interval '1 second' AND c.deleted_at IS NULL
      AND c.type = ANY ('{signup,purchase}') AND c.paid = ANY ('{false,true}')
    UNION
    -- What the end of a subscription takes back is decided by what is in force then.
    SELECT s.customer_id FROM affiliate_private.subscription AS e
    JOIN affiliate_private.sale AS s ON s.project_id = e.project_id AND s.provider = e.provider AND s.subscription_key = e.subscription_key
    WHERE e.project_id = resettle_since.p_project_id AND e.ended_at > resettle_since.p_at - interval '1 second'))
$$;
COMMENT ON FUNCTION affiliate_private.resettle_since(bigint, timestamptz) IS 'Settles again the customers with sales, or ends of subscriptions, at or after the moment a new version takes effect (usually nobody).';

CREATE OR REPLACE FUNCTION affiliate_private.resettle_currency(p_project_id bigint, p_currency text, p_at timestamptz) RETURNS void
LANGUAGE sql VOLATILE AS $$
  SELECT affiliate_private.resettle_customers(resettle_currency.p_project_id, ARRAY(
    SELECT DISTINCT s.customer_id FROM affiliate_private.conversion AS c
    JOIN affiliate_private.sale AS s ON s.project_id = c.project_id AND s.sale_id = c.sale_id
    WHERE c.project_id = resettle_currency.p_project_id AND c.currency = resettle_currency.p_currency
      AND c.occurred_at > resettle_currency.p_at - interval '1 second' AND c.deleted_at IS NULL))
$$;
COMMENT ON FUNCTION affiliate_private.resettle_currency(bigint, text, timestamptz) IS 'Settles again the customers with sales in a currency at or after the moment a new rate takes effect.';

CREATE OR REPLACE FUNCTION affiliate_private.resettle_code(p_project_id bigint, p_namespace text, p_code_key text) RETURNS void
LANGUAGE sql VOLATILE AS $$
  SELECT affiliate_private.resettle_customers(resettle_code.p_project_id, ARRAY(
    SELECT e.customer_id FROM affiliate_private.evidence AS e
    WHERE e.project_id = resettle_code.p_project_id AND e.namespace = resettle_code.p_namespace AND e.code_key = resettle_code.p_code_key
    UNION
    SELECT e.customer_id FROM affiliate_private.discount AS d
    JOIN affiliate_private.evidence AS e ON e.project_id = d.project_id AND e.namespace = affiliate_private.discount_namespace(d.provider) AND e.code_key = d.discount_key
    WHERE d.project_id = resettle_code.p_project_id AND resettle_code.p_namespace = 'coupon' AND d.code_key = resettle_code.p_code_key))
$$;
COMMENT ON FUNCTION affiliate_private.resettle_code(bigint, text, text) IS 'Settles again the customers for whom a code speaks, after it got another owner.';

CREATE OR REPLACE FUNCTION affiliate_private.resettle_emails(p_project_id bigint, p_email_keys text[]) RETURNS void
LANGUAGE sql VOLATILE AS $$
  SELECT affiliate_private.resettle_customers(resettle_emails.p_project_id, ARRAY(
    SELECT DISTINCT i.customer_id FROM affiliate_private.customer_identity AS i
    WHERE i.project_id = resettle_emails.p_project_id AND i.kind = 'email' AND i.identity_key = ANY (resettle_emails.p_email_keys)))
$$;
COMMENT ON FUNCTION affiliate_private.resettle_emails(bigint, text[]) IS 'Settles again the customers with these emails, after an affiliate took or left one (self-referral).';

CREATE OR REPLACE FUNCTION affiliate_private.resettle_parent(p_project_id bigint, p_parent_id bigint) RETURNS void
LANGUAGE sql VOLATILE AS $$
  SELECT affiliate_private.resettle_customers(resettle_parent.p_project_id, ARRAY(
    SELECT DISTINCT s.customer_id FROM affiliate_private.conversion AS c
    JOIN affiliate_private.sale AS s ON s.project_id = c.project_id AND s.sale_id = c.sale_id
    WHERE c.project_id = resettle_parent.p_project_id AND c.parent_affiliate_id = resettle_parent.p_parent_id AND c.deleted_at IS NULL))
$$;
COMMENT ON FUNCTION affiliate_private.resettle_parent(bigint, bigint) IS 'Settles again the customers whose sales a parent earns on, after it is gone.';

CREATE OR REPLACE FUNCTION affiliate_private.resettle_customers(p_project_id bigint, p_customer_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- Settlers share the inputs lock, so with it held exclusively nobody merges customers meanwhile.
  PERFORM affiliate_private.lock_customers(resettle_customers.p_project_id, resettle_customers.p_customer_ids);
  PERFORM affiliate_private.settle_sales(resettle_customers.p_project_id, ARRAY(
    SELECT s.sale_id FROM affiliate_private.sale AS s
    WHERE s.project_id = resettle_customers.p_project_id AND s.customer_id = ANY (resettle_customers.p_customer_ids)
    ORDER BY s.customer_id, s.occurred_at, s.sale_key));
END
$$;
COMMENT ON FUNCTION affiliate_private.resettle_customers(bigint, bigint[]) IS 'Settles every sale of these customers again.';
