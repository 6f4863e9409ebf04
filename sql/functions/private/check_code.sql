CREATE OR REPLACE FUNCTION affiliate_private.check_code(p_name text, p_code text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF check_code.p_code !~ '^[A-Za-z0-9_-]{2,64}$' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = format('%s must be 2 to 64 letters, digits, hyphens or underscores', check_code.p_name);
  END IF;
  RETURN check_code.p_code;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_code(text, text) IS 'A code as given (NULL stays NULL); RF400 naming the field where it would not survive a URL or Stripe''s client_reference_id.';
