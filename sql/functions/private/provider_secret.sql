-- Webhook secrets and keys of a connected provider. The caller holds the provider's lock.

CREATE OR REPLACE FUNCTION affiliate_private.live_secrets(p_project_id bigint, p_provider text) RETURNS SETOF affiliate_private.provider_secret
LANGUAGE sql STABLE AS $$
  SELECT s.* FROM affiliate_private.provider_secret AS s
  WHERE s.project_id = live_secrets.p_project_id AND s.provider = live_secrets.p_provider AND affiliate_private.is_live(s.retired_at)
$$;
COMMENT ON FUNCTION affiliate_private.live_secrets(bigint, text) IS 'The webhook secrets that events may be signed with: the current one, and those it overlaps with.';

CREATE OR REPLACE FUNCTION affiliate_private.replace_webhook_secret(p_connection affiliate_private.provider_connection, p_secret text, p_overlap_hours integer) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_project_id bigint      := (replace_webhook_secret.p_connection).project_id;
  v_provider   text        := (replace_webhook_secret.p_connection).provider;
  v_end        timestamptz := clock_timestamp() + replace_webhook_secret.p_overlap_hours * interval '1 hour';
BEGIN
  UPDATE affiliate_private.provider_secret AS s SET retired_at = least(s.retired_at, v_end)
  WHERE s.project_id = v_project_id AND s.provider = v_provider AND affiliate_private.is_live(s.retired_at) AND s.secret <> replace_webhook_secret.p_secret;
  PERFORM affiliate_private.add_webhook_secret(replace_webhook_secret.p_connection, replace_webhook_secret.p_secret);
END
$$;
COMMENT ON FUNCTION affiliate_private.replace_webhook_secret(affiliate_private.provider_connection, text, integer) IS 'Makes a secret the one that signs; those before it retire when the overlap ends.';

CREATE OR REPLACE FUNCTION affiliate_private.add_webhook_secret(p_connection affiliate_private.provider_connection, p_secret text) RETURNS void
LANGUAGE sql VOLATILE AS $$
  INSERT INTO affiliate_private.provider_secret (project_id, provider, secret)
  SELECT c.project_id, c.provider, add_webhook_secret.p_secret
  FROM (SELECT (add_webhook_secret.p_connection).*) AS c
  WHERE NOT EXISTS (SELECT FROM affiliate_private.provider_secret AS s
                    WHERE s.project_id = c.project_id AND s.provider = c.provider AND s.retired_at IS NULL AND s.secret = add_webhook_secret.p_secret)
$$;
COMMENT ON FUNCTION affiliate_private.add_webhook_secret(affiliate_private.provider_connection, text) IS 'A secret that signs from now on, beside those there are.';

CREATE OR REPLACE FUNCTION affiliate_private.use_secret_key(p_connection affiliate_private.provider_connection, p_changed boolean) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.provider_connection := use_secret_key.p_connection;
BEGIN
  PERFORM affiliate_private.retry_provider_calls(v_row);
  IF v_row.provider = 'stripe' AND use_secret_key.p_changed THEN
    -- Where a secret is known the owner has made an endpoint, or an earlier key has: the gateway looks for it first.
    PERFORM affiliate_private.add_provider_call(v_row, 'register_webhook', jsonb_build_object(
      'adopt', EXISTS (SELECT FROM affiliate_private.live_secrets(v_row.project_id, v_row.provider)),
      'enabled_events', to_jsonb(affiliate_private.stripe_event_types()), 'api_version', affiliate_private.stripe_api_version()));
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.use_secret_key(affiliate_private.provider_connection, boolean) IS 'Makes what waits for a key due, and has Stripe''s webhook endpoint registered where key or API base are new.';

CREATE OR REPLACE FUNCTION affiliate_private.stripe_event_types() RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY['checkout.session.completed', 'checkout.session.async_payment_succeeded', 'invoice.paid', 'invoice_payment.paid',
               'customer.subscription.created', 'customer.subscription.updated', 'customer.subscription.deleted', 'customer.discount.created',
               'charge.refunded', 'refund.created', 'refund.updated', 'refund.failed',
               'charge.dispute.created', 'charge.dispute.closed', 'charge.dispute.funds_withdrawn', 'charge.dispute.funds_reinstated']
$$;
COMMENT ON FUNCTION affiliate_private.stripe_event_types() IS 'The Stripe events that are read (map_stripe_event): what a registered endpoint is sent.';

CREATE OR REPLACE FUNCTION affiliate_private.stripe_api_version() RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT '2026-10-28.endive'
$$;
COMMENT ON FUNCTION affiliate_private.stripe_api_version() IS 'The version a registered endpoint is pinned to, so that its events do not change shape with the account''s default.';
