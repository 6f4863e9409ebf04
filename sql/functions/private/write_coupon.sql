-- Creating, changing and deleting a coupon. The caller holds lock_inputs exclusively.

CREATE OR REPLACE FUNCTION affiliate_private.fill_coupon(p_coupon affiliate_private.coupon, p_args jsonb) RETURNS affiliate_private.coupon
LANGUAGE plpgsql STABLE AS $$
DECLARE
  -- Arguments are called as the columns are; one that was not sent leaves its column alone.
  v_row affiliate_private.coupon := jsonb_populate_record(fill_coupon.p_coupon, fill_coupon.p_args);
BEGIN
  PERFORM affiliate_private.check_affiliate(v_row.project_id, v_row.affiliate_id);
  v_row.stripe_coupon_id           := btrim(v_row.stripe_coupon_id);
  v_row.lemonsqueezy_discount_code := btrim(v_row.lemonsqueezy_discount_code);
  v_row.coupon_code_key            := affiliate_private.fold_key(v_row.coupon_code);
  v_row.stripe_coupon_key          := affiliate_private.fold_key(v_row.stripe_coupon_id);
  v_row.lemonsqueezy_discount_key  := affiliate_private.fold_key(v_row.lemonsqueezy_discount_code);
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.fill_coupon(affiliate_private.coupon, jsonb) IS 'A coupon with the arguments of a request put in; RF404 for an affiliate the project does not have.';

CREATE OR REPLACE FUNCTION affiliate_private.raise_coupon_conflict(p_constraint text) RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = CASE raise_coupon_conflict.p_constraint
    WHEN 'coupon_stripe_coupon_live_key' THEN 'Another coupon of this project has this Stripe coupon ID'
    WHEN 'coupon_lemonsqueezy_discount_live_key' THEN 'Another coupon of this project has this LemonSqueezy discount code'
    ELSE 'Coupon code already exists for this project' END;
END
$$;
COMMENT ON FUNCTION affiliate_private.raise_coupon_conflict(text) IS 'RF409 saying which of a coupon''s codes is taken.';

CREATE OR REPLACE FUNCTION affiliate_private.delete_coupon(p_coupon affiliate_private.coupon) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_new affiliate_private.coupon;
BEGIN
  UPDATE affiliate_private.coupon AS c SET deleted_at = clock_timestamp(), updated_at = clock_timestamp()
  WHERE c.project_id = (delete_coupon.p_coupon).project_id AND c.coupon_id = (delete_coupon.p_coupon).coupon_id
  RETURNING c.* INTO v_new;
  PERFORM affiliate_private.record_coupon_change(delete_coupon.p_coupon, v_new);
  PERFORM affiliate_private.delete_stripe_coupon(v_new);
END
$$;
COMMENT ON FUNCTION affiliate_private.delete_coupon(affiliate_private.coupon) IS 'Leaves a tombstone and releases the codes; sales made before keep whom they credit. Has the coupon at Stripe deleted too.';

CREATE OR REPLACE FUNCTION affiliate_private.delete_stripe_coupon(p_coupon affiliate_private.coupon) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_id  text := (delete_stripe_coupon.p_coupon).stripe_coupon_id;
  v_row affiliate_private.provider_connection;
BEGIN
  SELECT c.* INTO v_row FROM affiliate_private.provider_connection AS c
  WHERE c.project_id = (delete_stripe_coupon.p_coupon).project_id AND c.provider = 'stripe' AND c.secret_key IS NOT NULL;
  -- What has other characters is no id. Of the rest Stripe knows whether it is one, or the code that customers type.
  IF FOUND AND v_id ~ '^[A-Za-z0-9_-]+$' THEN
    PERFORM affiliate_private.add_provider_call(v_row, CASE WHEN v_id LIKE 'promo\_%' THEN 'deactivate_promotion_code' ELSE 'delete_coupon' END,
                                                jsonb_build_object('id', v_id));
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.delete_stripe_coupon(affiliate_private.coupon) IS 'Where Stripe is connected with a key: has the coupon whose id this is deleted there, or the promotion code deactivated.';

CREATE OR REPLACE FUNCTION affiliate_private.coupon_codes(p_coupon affiliate_private.coupon) RETURNS TABLE (namespace text, code_key text, affiliate_id bigint, label text)
LANGUAGE sql IMMUTABLE AS $$
  SELECT n.namespace, n.code_key, CASE WHEN c.status = 'active' THEN c.affiliate_id END, CASE WHEN c.status = 'active' THEN c.coupon_code END
  FROM (SELECT (coupon_codes.p_coupon).*) AS c
  CROSS JOIN LATERAL (VALUES ('coupon', c.coupon_code_key), ('stripe', c.stripe_coupon_key), ('lemonsqueezy', c.lemonsqueezy_discount_key)) AS n (namespace, code_key)
  WHERE n.code_key IS NOT NULL AND c.deleted_at IS NULL
$$;
COMMENT ON FUNCTION affiliate_private.coupon_codes(affiliate_private.coupon) IS 'The codes of a live coupon and whom they speak for: nobody while it is inactive.';

CREATE OR REPLACE FUNCTION affiliate_private.record_coupon_change(p_old affiliate_private.coupon, p_new affiliate_private.coupon) RETURNS void
LANGUAGE sql VOLATILE AS $$
  -- A coupon that starts inactive records that too: activating it later must not credit the sales in between.
  SELECT affiliate_private.own_code((record_coupon_change.p_new).project_id, coalesce(n.namespace, o.namespace), coalesce(n.code_key, o.code_key), n.affiliate_id, n.label)
  FROM affiliate_private.coupon_codes(record_coupon_change.p_old) AS o
  FULL JOIN affiliate_private.coupon_codes(record_coupon_change.p_new) AS n ON n.namespace = o.namespace AND n.code_key = o.code_key
  WHERE o.code_key IS NULL OR (n.affiliate_id, n.label) IS DISTINCT FROM (o.affiliate_id, o.label)
$$;
COMMENT ON FUNCTION affiliate_private.record_coupon_change(affiliate_private.coupon, affiliate_private.coupon) IS 'Writes the effective-dated versions of the codes that a change of a coupon (p_old NULL: a new one) makes, and settles what they touch.';
