CREATE OR REPLACE FUNCTION affiliate_private.check_setting(p_name text, p_value text, p_pattern text, p_expected text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF check_setting.p_value IS NULL OR check_setting.p_value !~ check_setting.p_pattern THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = format('%s must be %s, got "%s"', check_setting.p_name, check_setting.p_expected, left(check_setting.p_value, 40));
  END IF;
  RETURN check_setting.p_value;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_setting(text, text, text, text) IS 'The value of a setting where it fits the pattern; RF400 saying what would.';

CREATE OR REPLACE FUNCTION affiliate_private.check_length(p_name text, p_value text, p_min integer, p_max integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF check_length.p_value IS NULL OR length(check_length.p_value) NOT BETWEEN check_length.p_min AND check_length.p_max THEN
    -- The value may be a secret, so it is not repeated.
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = format('%s must be %s to %s characters', check_length.p_name, check_length.p_min, check_length.p_max);
  END IF;
  RETURN check_length.p_value;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_length(text, text, integer, integer) IS 'A text of the right length; RF400 naming it otherwise.';

CREATE OR REPLACE FUNCTION affiliate_private.check_url(p_name text, p_url text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF check_url.p_url !~ '^https?://[A-Za-z0-9.-]+(:([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?([/?#][!-Z^-~]*)?$' OR length(check_url.p_url) > 2000 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('%s must be an http(s) URL with a host name or IPv4 address, of at most 2000 printable characters, without a user name or password', check_url.p_name);
  END IF;
  RETURN check_url.p_url;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_url(text, text) IS 'An http(s) URL (NULL stays NULL); RF400 naming it otherwise.';
