CREATE OR REPLACE FUNCTION affiliate_private.check_provider(p_provider text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF check_provider.p_provider IN ('stripe', 'lemonsqueezy', 'paddle', 'polar') THEN
    RETURN check_provider.p_provider;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'RF400',
    MESSAGE = format('unknown provider "%s": use stripe, lemonsqueezy, paddle or polar', left(check_provider.p_provider, 40));
END
$$;
COMMENT ON FUNCTION affiliate_private.check_provider(text) IS 'The name of a payment provider; RF400 for another one.';

CREATE OR REPLACE FUNCTION affiliate_private.check_webhook_secret(p_provider text, p_secret text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_secret text := btrim(check_webhook_secret.p_secret, E' \t\r\n');
BEGIN
  -- LemonSqueezy takes no longer ones, so that a longer one cannot be what it signs with.
  PERFORM affiliate_private.check_length('webhook secret', v_secret, 6, CASE check_webhook_secret.p_provider WHEN 'lemonsqueezy' THEN 40 ELSE 500 END);
  IF v_secret ~ '^((sk|rk|pk)_(live|test)|pdl_(live|sdbx)_apikey|polar_(oat|pat))_' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'the webhook secret looks like an API key: give the secret that webhooks are signed with';
  END IF;
  RETURN v_secret;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_webhook_secret(text, text) IS 'A webhook secret that the provider may sign with; RF400 for one it cannot have.';

CREATE OR REPLACE FUNCTION affiliate_private.check_secret_key(p_provider text, p_key text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_key text := btrim(check_secret_key.p_key, E' \t\r\n');
BEGIN
  IF v_key IS NULL THEN
    RETURN NULL;
  END IF;
  PERFORM affiliate_private.check_length('secret key', v_key, 6, 5000);
  -- It travels in a header.
  IF v_key !~ '^[!-~]+$' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'the secret key may hold visible ASCII characters only';
  ELSIF check_secret_key.p_provider = 'stripe' AND v_key ~ '^(pk_|whsec_)' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'the secret key must be a secret or restricted key (sk_… or rk_…)';
  END IF;
  RETURN v_key;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_secret_key(text, text) IS 'A key for a provider''s API (NULL stays NULL); RF400 for one that cannot be.';

CREATE OR REPLACE FUNCTION affiliate_private.is_live(p_retired_at timestamptz) RETURNS boolean
LANGUAGE sql VOLATILE AS $$
  SELECT is_live.p_retired_at IS NULL OR is_live.p_retired_at > clock_timestamp()
$$;
COMMENT ON FUNCTION affiliate_private.is_live(timestamptz) IS 'Whether a webhook secret that is retired at this time still signs.';
