CREATE OR REPLACE FUNCTION affiliate_private.check_limit(p_limit bigint) RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF check_limit.p_limit IS NULL OR check_limit.p_limit NOT BETWEEN 1 AND 500 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'limit must be between 1 and 500';
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_limit(bigint) IS 'RF400 unless a list may have this many entries.';
