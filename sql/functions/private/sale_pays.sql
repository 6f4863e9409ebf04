CREATE OR REPLACE FUNCTION affiliate_private.sale_pays(p_sale affiliate_private.sale, p_setting affiliate_private.project_setting, p_payment text[]) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_sale    affiliate_private.sale := sale_pays.p_sale;
  v_setting affiliate_private.project_setting := sale_pays.p_setting;
  v_first   affiliate_private.sale;
BEGIN
  -- Two sales of one payment, told by events that did not know of each other: the one the other leads to counts.
  IF cardinality(sale_pays.p_payment) > 1 AND affiliate_private.is_counted_elsewhere(v_sale) THEN
    RETURN false;
  END IF;
  IF v_setting.commission_duration <> 'lifetime' THEN
    SELECT f.* INTO v_first FROM affiliate_private.sale AS f
    WHERE f.project_id = v_sale.project_id AND f.customer_id = v_sale.customer_id AND f.base_minor > 0 AND f.type = 'purchase'
    ORDER BY f.occurred_at, f.provider, f.sale_key LIMIT 1;
    -- What came before it took no money; and the first may be this same payment under another of its names.
    IF (v_first.occurred_at, v_first.provider, v_first.sale_key) < (v_sale.occurred_at, v_sale.provider, v_sale.sale_key)
       AND NOT (v_first.provider = v_sale.provider AND v_first.sale_key = ANY (sale_pays.p_payment))
       AND (v_setting.commission_duration = 'first_purchase'
            -- Calendar months, in UTC so that no server's time zone matters.
            OR v_sale.occurred_at >= (v_first.occurred_at AT TIME ZONE 'UTC' + make_interval(months => v_setting.commission_months)) AT TIME ZONE 'UTC') THEN
      RETURN false;
    END IF;
  END IF;
  IF v_sale.reason = 'upgrade' THEN
    RETURN v_setting.upgrade_commission;
  END IF;
  RETURN v_setting.recurring_commission OR NOT affiliate_private.is_renewal(v_sale);
END
$$;
COMMENT ON FUNCTION affiliate_private.sale_pays(affiliate_private.sale, affiliate_private.project_setting, text[]) IS 'Whether a sale earns commission at all: by the project''s commission duration, and whether renewals and upgrades earn.';

CREATE OR REPLACE FUNCTION affiliate_private.is_renewal(p_sale affiliate_private.sale) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- By its place among the payments with money, not by the provider's word: after a trial the first of them is called a renewal.
  IF (is_renewal.p_sale).subscription_key IS NULL THEN
    RETURN false;
  END IF;
  PERFORM FROM affiliate_private.sale AS f
  WHERE f.project_id = (is_renewal.p_sale).project_id AND f.provider = (is_renewal.p_sale).provider
    AND f.subscription_key = (is_renewal.p_sale).subscription_key AND f.base_minor > 0
    AND (f.occurred_at, f.sale_key) < ((is_renewal.p_sale).occurred_at, (is_renewal.p_sale).sale_key)
  LIMIT 1;
  RETURN FOUND;
END
$$;
COMMENT ON FUNCTION affiliate_private.is_renewal(affiliate_private.sale) IS 'Whether a subscription has been paid for before this payment of it.';

CREATE OR REPLACE FUNCTION affiliate_private.is_counted_elsewhere(p_sale affiliate_private.sale) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM affiliate_private.payment_link AS l
    JOIN affiliate_private.sale AS s ON s.project_id = l.project_id AND s.provider = l.provider AND s.sale_key = l.target_key
    WHERE l.project_id = (is_counted_elsewhere.p_sale).project_id AND l.provider = (is_counted_elsewhere.p_sale).provider
      AND l.alias_key = (is_counted_elsewhere.p_sale).sale_key);
END
$$;
COMMENT ON FUNCTION affiliate_private.is_counted_elsewhere(affiliate_private.sale) IS 'Whether this is another name of a payment that has a sale under its own (a payment intent whose invoice is known).';

CREATE OR REPLACE FUNCTION affiliate_private.sale_canceled(p_sale affiliate_private.sale, p_hold_days integer, p_stamp affiliate_private.conversion) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_end affiliate_private.subscription;
BEGIN
  IF (sale_canceled.p_sale).subscription_key IS NULL THEN
    RETURN false;
  END IF;
  SELECT e.* INTO v_end FROM affiliate_private.subscription AS e
  WHERE e.project_id = (sale_canceled.p_sale).project_id AND e.provider = (sale_canceled.p_sale).provider
    AND e.subscription_key = (sale_canceled.p_sale).subscription_key;
  -- What is paid out is not held any more.
  RETURN FOUND AND (affiliate_private.setting_at((sale_canceled.p_sale).project_id, v_end.counts_at)).on_cancel = 'reverse_held'
    AND affiliate_kernel.release_at((sale_canceled.p_sale).occurred_at, sale_canceled.p_hold_days) > v_end.ended_at
    AND (NOT coalesce((sale_canceled.p_stamp).paid, false) OR (sale_canceled.p_stamp).canceled);
END
$$;
COMMENT ON FUNCTION affiliate_private.sale_canceled(affiliate_private.sale, integer, affiliate_private.conversion) IS 'Whether the end of its subscription takes a sale''s commission back: it was still held then, and the project reverses that.';
