CREATE OR REPLACE FUNCTION affiliate_private.check_time(p_name text, p_time text) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- Only ISO 8601: Postgres alone would take "tomorrow" too, and read a bare date in the server's time zone.
  IF check_time.p_time ~ '^\d{4}-\d{2}-\d{2}$' THEN
    RETURN (check_time.p_time || 'T00:00:00Z')::timestamptz;
  ELSIF check_time.p_time ~ '^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:?\d{2})$' THEN
    RETURN check_time.p_time::timestamptz;
  ELSIF check_time.p_time IS NULL THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION datetime_field_overflow;
EXCEPTION WHEN datetime_field_overflow OR invalid_datetime_format THEN
  RAISE EXCEPTION USING ERRCODE = 'RF400',
    MESSAGE = format('%s must be an ISO 8601 date or time such as 2024-01-15 or 2024-01-15T10:00:00Z, got "%s"', check_time.p_name, left(check_time.p_time, 40));
END
$$;
COMMENT ON FUNCTION affiliate_private.check_time(text, text) IS 'An ISO 8601 date (midnight UTC) or time with offset; RF400 naming the field for anything else.';
