CREATE OR REPLACE FUNCTION affiliate_private.why_unpaid(p_sale affiliate_private.sale, p_setting affiliate_private.project_setting, p_payment text[]) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_sale    affiliate_private.sale := why_unpaid.p_sale;
  v_setting affiliate_private.project_setting := why_unpaid.p_setting;
  v_first   affiliate_private.sale;
BEGIN
  IF v_setting.commission_duration <> 'lifetime' THEN
    SELECT f.* INTO v_first FROM affiliate_private.sale AS f
    WHERE f.project_id = v_sale.project_id AND f.customer_id = v_sale.customer_id AND f.base_minor > 0 AND f.type = 'purchase'
    ORDER BY f.occurred_at, f.provider, f.sale_key LIMIT 1;
    -- What came before it took no money; and the first may be this same payment under another of its names.
    IF (v_first.occurred_at, v_first.provider, v_first.sale_key) < (v_sale.occurred_at, v_sale.provider, v_sale.sale_key)
       AND NOT (v_first.provider = v_sale.provider AND v_first.sale_key = ANY (why_unpaid.p_payment))
       AND (v_setting.commission_duration = 'first_purchase'
            -- Calendar months, in UTC so that no server's time zone matters.
            OR v_sale.occurred_at >= (v_first.occurred_at AT TIME ZONE 'UTC' + make_interval(months => v_setting.commission_months)) AT TIME ZONE 'UTC') THEN
      RETURN v_setting.commission_duration;
    END IF;
  END IF;
  IF v_sale.subscription_key IS NULL THEN
    RETURN NULL;
  END IF;
  IF v_sale.occurred_at > (affiliate_private.subscription_end(v_sale)).ended_at THEN
    RETURN 'ended';
  END IF;
  -- What a trial is changed to before it was ever paid for is bought for the first time.
  IF NOT (CASE WHEN v_sale.reason = 'upgrade' THEN v_setting.upgrade_commission ELSE v_setting.recurring_commission END) AND affiliate_private.is_renewal(v_sale) THEN
    RETURN CASE WHEN v_sale.reason = 'upgrade' THEN 'upgrade' ELSE 'renewal' END;
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affiliate_private.why_unpaid(affiliate_private.sale, affiliate_private.project_setting, text[]) IS 'Why a sale earns no commission whatever the rate: first_purchase or limited (the project''s commission_duration), ended (paid after the end of its subscription), upgrade or renewal (which do not earn); NULL where it earns.';

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

CREATE OR REPLACE FUNCTION affiliate_private.counted_as(p_sale affiliate_private.sale, p_payment text[]) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_sale affiliate_private.sale := counted_as.p_sale;
  v_new  text[] := ARRAY[v_sale.sale_key];
  v_all  text[] := '{}';
BEGIN
  -- Most payments go by one name.
  IF cardinality(counted_as.p_payment) = 1 THEN
    RETURN NULL;
  END IF;
  -- Up the links, the last found first: what is between two names of a payment need not be a sale itself, or is one that counts as the last too.
  FOR v_round IN 2 .. cardinality(counted_as.p_payment) LOOP
    v_new := ARRAY(SELECT DISTINCT l.target_key FROM affiliate_private.payment_link AS l
                   WHERE l.project_id = v_sale.project_id AND l.provider = v_sale.provider AND l.alias_key = ANY (v_new) ORDER BY l.target_key);
    EXIT WHEN cardinality(v_new) = 0;
    v_all := v_new || v_all;
  END LOOP;
  IF cardinality(v_all) = 0 THEN
    RETURN NULL;
  END IF;
  RETURN (
    SELECT s.sale_key FROM affiliate_private.sale AS s
    WHERE s.project_id = v_sale.project_id AND s.provider = v_sale.provider AND s.sale_key = ANY (v_all) AND s.sale_key <> v_sale.sale_key
    ORDER BY array_position(v_all, s.sale_key) LIMIT 1);
END
$$;
COMMENT ON FUNCTION affiliate_private.counted_as(affiliate_private.sale, text[]) IS 'The key of the sale that a payment counts as, where its links lead to one (from a payment intent to its invoice); else NULL.';

CREATE OR REPLACE FUNCTION affiliate_private.subscription_end(p_sale affiliate_private.sale) RETURNS affiliate_private.subscription
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_end affiliate_private.subscription;
BEGIN
  SELECT e.* INTO v_end FROM affiliate_private.subscription AS e
  WHERE e.project_id = (subscription_end.p_sale).project_id AND e.provider = (subscription_end.p_sale).provider
    AND e.subscription_key = (subscription_end.p_sale).subscription_key;
  RETURN v_end;
END
$$;
COMMENT ON FUNCTION affiliate_private.subscription_end(affiliate_private.sale) IS 'The end of the subscription of a sale; all NULL for none and for one that goes on.';

CREATE OR REPLACE FUNCTION affiliate_private.sale_canceled(p_sale affiliate_private.sale, p_hold_days integer, p_stamp affiliate_private.conversion) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_end affiliate_private.subscription;
BEGIN
  IF (sale_canceled.p_sale).subscription_key IS NULL THEN
    RETURN false;
  END IF;
  v_end := affiliate_private.subscription_end(sale_canceled.p_sale);
  -- What is paid out is not held any more.
  RETURN v_end.ended_at IS NOT NULL AND (affiliate_private.setting_at((sale_canceled.p_sale).project_id, v_end.counts_at)).on_cancel = 'reverse_held'
    AND affiliate_kernel.release_at((sale_canceled.p_sale).occurred_at, sale_canceled.p_hold_days) > v_end.ended_at
    AND (NOT coalesce((sale_canceled.p_stamp).paid, false) OR (sale_canceled.p_stamp).canceled);
END
$$;
COMMENT ON FUNCTION affiliate_private.sale_canceled(affiliate_private.sale, integer, affiliate_private.conversion) IS 'Whether the end of its subscription takes a sale''s commission back: it was still held then, and the project reverses that.';
