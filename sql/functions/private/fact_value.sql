-- Strict readers for provider payloads: a value of the wrong type parks the event with a message that names it.

CREATE OR REPLACE FUNCTION affiliate_private.fact_text(p_name text, p_value jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF fact_text.p_value IS NULL OR fact_text.p_value = 'null'::jsonb THEN
    RETURN NULL;
  END IF;
  IF jsonb_typeof(fact_text.p_value) <> 'string' OR length(fact_text.p_value #>> '{}') > 1000 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = format('%s must be a string of at most 1000 characters, got %s', fact_text.p_name, left(fact_text.p_value::text, 60));
  END IF;
  RETURN nullif(btrim(fact_text.p_value #>> '{}'), '');
END
$$;
COMMENT ON FUNCTION affiliate_private.fact_text(text, jsonb) IS 'A JSON string, trimmed; NULL when absent, null or empty; RF400 for another type.';

CREATE OR REPLACE FUNCTION affiliate_private.fact_minor(p_name text, p_value jsonb) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_number numeric;
BEGIN
  IF fact_minor.p_value IS NULL OR fact_minor.p_value = 'null'::jsonb THEN
    RETURN NULL;
  END IF;
  IF jsonb_typeof(fact_minor.p_value) = 'number' THEN
    v_number := fact_minor.p_value::numeric;
  END IF;
  IF v_number IS NULL OR v_number <> trunc(v_number) OR abs(v_number) > 9000000000000 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = format('%s must be an integer in minor units of at most 9000000000000, got %s', fact_minor.p_name, left(fact_minor.p_value::text, 60));
  END IF;
  RETURN v_number::bigint;
END
$$;
COMMENT ON FUNCTION affiliate_private.fact_minor(text, jsonb) IS 'A JSON integer in minor units; NULL when absent or null; RF400 for anything else or beyond 9x10^12.';

CREATE OR REPLACE FUNCTION affiliate_private.fact_minor_required(p_name text, p_value jsonb) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_minor bigint := affiliate_private.fact_minor(fact_minor_required.p_name, fact_minor_required.p_value);
BEGIN
  IF v_minor IS NULL OR v_minor < 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = format('%s must be a non-negative integer in minor units, got %s', fact_minor_required.p_name,
                       coalesce(fact_minor_required.p_value::text, 'nothing'));
  END IF;
  RETURN v_minor;
END
$$;
COMMENT ON FUNCTION affiliate_private.fact_minor_required(text, jsonb) IS 'As fact_minor, for amounts that must be there and not negative.';

CREATE OR REPLACE FUNCTION affiliate_private.fact_unix_time(p_name text, p_value jsonb) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_seconds numeric;
BEGIN
  IF jsonb_typeof(fact_unix_time.p_value) = 'number' THEN
    v_seconds := fact_unix_time.p_value::numeric;
  END IF;
  -- 2001-09-09 to 2096-10-02: seconds, not milliseconds.
  IF v_seconds IS NULL OR v_seconds <> trunc(v_seconds) OR v_seconds NOT BETWEEN 1000000000 AND 4000000000 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = format('%s must be a Unix time in seconds, got %s', fact_unix_time.p_name, coalesce(left(fact_unix_time.p_value::text, 60), 'nothing'));
  END IF;
  RETURN timestamptz '1970-01-01 00:00:00+00' + v_seconds::double precision * interval '1 second';
END
$$;
COMMENT ON FUNCTION affiliate_private.fact_unix_time(text, jsonb) IS 'A Unix time in whole seconds; RF400 for anything else.';
