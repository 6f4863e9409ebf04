CREATE OR REPLACE FUNCTION affiliate_private.check_email(p_name text, p_email text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_email text := btrim(check_email.p_email);
BEGIN
  IF v_email IS NULL OR length(v_email) > 254 OR v_email !~ '^[^@[:space:][:cntrl:]]+@[^@[:space:][:cntrl:]]+\.[^@.[:space:][:cntrl:]]+$' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = format('%s must be a valid email address such as name@example.com', check_email.p_name);
  END IF;
  RETURN v_email;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_email(text, text) IS 'The trimmed address; RF400 naming the field for anything that is not one.';
