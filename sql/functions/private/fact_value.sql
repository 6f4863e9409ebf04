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

CREATE OR REPLACE FUNCTION affiliate_private.fact_time(p_name text, p_value jsonb) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF jsonb_typeof(fact_time.p_value) IS DISTINCT FROM 'string' THEN
    RETURN affiliate_private.fact_unix_time(fact_time.p_name, fact_time.p_value);
  END IF;
  RETURN affiliate_private.check_time(fact_time.p_name, fact_time.p_value #>> '{}');
END
$$;
COMMENT ON FUNCTION affiliate_private.fact_time(text, jsonb) IS 'A moment: a Unix time in whole seconds, or a string in ISO 8601; RF400 for anything else.';

CREATE OR REPLACE FUNCTION affiliate_private.fact_time_optional(p_name text, p_value jsonb) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN fact_time_optional.p_value <> 'null' THEN affiliate_private.fact_time(fact_time_optional.p_name, fact_time_optional.p_value) END
$$;
COMMENT ON FUNCTION affiliate_private.fact_time_optional(text, jsonb) IS 'As fact_time; NULL when absent or null.';

CREATE OR REPLACE FUNCTION affiliate_private.fact_code(p_name text, p_value jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN coalesce(affiliate_private.fact_digits(fact_code.p_value), affiliate_private.fact_text(fact_code.p_name, fact_code.p_value));
END
$$;
COMMENT ON FUNCTION affiliate_private.fact_code(text, jsonb) IS 'As fact_text; an integer is taken for its digits.';

CREATE OR REPLACE FUNCTION affiliate_private.fact_digits(p_value jsonb) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN jsonb_typeof(fact_digits.p_value) = 'number' THEN
    CASE WHEN scale(fact_digits.p_value::numeric) = 0 AND abs(fact_digits.p_value::numeric) < 1000000000000000000 THEN fact_digits.p_value #>> '{}' END END
$$;
COMMENT ON FUNCTION affiliate_private.fact_digits(jsonb) IS 'The digits of an integer below 10^18; NULL for anything else.';

CREATE OR REPLACE FUNCTION affiliate_private.fact_hint(p_value jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  -- Customers can write what they like there, and the sale counts all the same. No code is longer, and an index could not hold it.
  CASE jsonb_typeof(fact_hint.p_value)
    WHEN 'string' THEN
      RETURN CASE WHEN octet_length(fact_hint.p_value #>> '{}') <= 500 THEN nullif(btrim(fact_hint.p_value #>> '{}', E' \t\r\n'), '') END;
    WHEN 'number' THEN
      RETURN affiliate_private.fact_digits(fact_hint.p_value);
    ELSE
      RETURN NULL;
  END CASE;
END
$$;
COMMENT ON FUNCTION affiliate_private.fact_hint(jsonb) IS 'A referral code that may be there: a string of at most 500 bytes, trimmed, or the digits of an integer; NULL for anything else.';

CREATE OR REPLACE FUNCTION affiliate_private.fact_id(p_name text, p_value jsonb) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT affiliate_private.fact_code(fact_id.p_name,
    CASE WHEN jsonb_typeof(fact_id.p_value) = 'object' THEN fact_id.p_value -> 'id' ELSE fact_id.p_value END)
$$;
COMMENT ON FUNCTION affiliate_private.fact_id(text, jsonb) IS 'An id: a string, an integer, or an object that may have one; NULL when absent, null or empty; RF400 for another type.';

CREATE OR REPLACE FUNCTION affiliate_private.fact_id_required(p_name text, p_value jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_id text := affiliate_private.fact_id(fact_id_required.p_name, fact_id_required.p_value);
BEGIN
  IF v_id IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('%s is missing', fact_id_required.p_name);
  END IF;
  RETURN v_id;
END
$$;
COMMENT ON FUNCTION affiliate_private.fact_id_required(text, jsonb) IS 'As fact_id, for ids that must be there.';

CREATE OR REPLACE FUNCTION affiliate_private.fact_minor_text(p_name text, p_value jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  -- What is no integer stays as it is, for fact_minor to refuse.
  SELECT affiliate_private.fact_minor(fact_minor_text.p_name, CASE
    WHEN jsonb_typeof(fact_minor_text.p_value) = 'string' AND fact_minor_text.p_value #>> '{}' ~ '^-?[0-9]{1,30}$' THEN to_jsonb((fact_minor_text.p_value #>> '{}')::numeric)
    ELSE fact_minor_text.p_value END)
$$;
COMMENT ON FUNCTION affiliate_private.fact_minor_text(text, jsonb) IS 'As fact_minor, for integers in a string.';

CREATE OR REPLACE FUNCTION affiliate_private.fact_present(p_name text, p_minor bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF fact_present.p_minor IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('%s is missing', fact_present.p_name);
  END IF;
  RETURN fact_present.p_minor;
END
$$;
COMMENT ON FUNCTION affiliate_private.fact_present(text, bigint) IS 'An amount that must be there and may be negative; RF400 where it is not.';

CREATE OR REPLACE FUNCTION affiliate_private.fact_object(p_type text, p_name text, p_value jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF jsonb_typeof(fact_object.p_value) IS DISTINCT FROM 'object' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('%s without %s', fact_object.p_type, fact_object.p_name);
  END IF;
  RETURN fact_object.p_value;
END
$$;
COMMENT ON FUNCTION affiliate_private.fact_object(text, text, jsonb) IS 'A JSON object that an event of this type must have; RF400 for anything else.';
