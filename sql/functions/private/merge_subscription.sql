CREATE OR REPLACE FUNCTION affiliate_private.merge_subscription(p_project_id bigint, p_provider text, p_subscription jsonb) RETURNS text[]
LANGUAGE sql VOLATILE AS $$
  WITH learnt AS (
    INSERT INTO affiliate_private.subscription AS s (project_id, provider, subscription_key, ended_at)
    VALUES (merge_subscription.p_project_id, merge_subscription.p_provider, merge_subscription.p_subscription ->> 'key',
            (merge_subscription.p_subscription ->> 'ended_at')::timestamptz)
    ON CONFLICT ON CONSTRAINT subscription_pkey DO UPDATE SET ended_at = excluded.ended_at WHERE excluded.ended_at < s.ended_at
    RETURNING s.subscription_key)
  SELECT coalesce(array_agg('subscription:' || learnt.subscription_key), '{}') FROM learnt
$$;
COMMENT ON FUNCTION affiliate_private.merge_subscription(bigint, text, jsonb) IS 'Stores that a subscription has ended, the earliest word of it, and gives its scope where that is new.';

CREATE OR REPLACE FUNCTION affiliate_private.announce_end(p_project_id bigint, p_provider text, p_subscription_key text) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.conversion;
BEGIN
  IF announce_end.p_subscription_key IS NULL THEN
    RETURN;
  END IF;
  -- About the last payment that somebody is credited with; a payment that becomes known later can still be the first such.
  SELECT c.* INTO v_row
  FROM affiliate_private.subscription AS e
  JOIN affiliate_private.sale AS s ON s.project_id = e.project_id AND s.provider = e.provider AND s.subscription_key = e.subscription_key
  JOIN affiliate_private.conversion AS c ON c.project_id = s.project_id AND c.sale_id = s.sale_id
  WHERE e.project_id = announce_end.p_project_id AND e.provider = announce_end.p_provider AND e.subscription_key = announce_end.p_subscription_key
    AND e.announced_at IS NULL AND c.affiliate_id IS NOT NULL AND c.deleted_at IS NULL
  ORDER BY s.occurred_at DESC, s.sale_key DESC LIMIT 1;
  IF FOUND THEN
    UPDATE affiliate_private.subscription AS e SET announced_at = clock_timestamp()
    WHERE e.project_id = announce_end.p_project_id AND e.provider = announce_end.p_provider AND e.subscription_key = announce_end.p_subscription_key;
    PERFORM affiliate_private.emit_conversion_webhook(v_row, 'referral_canceled', affiliate_private.canceled_section(v_row, 0, 'subscription_canceled'));
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.announce_end(bigint, text, text) IS 'referral_canceled for a subscription that has ended, once.';
