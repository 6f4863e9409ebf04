CREATE OR REPLACE FUNCTION affiliate_private.whole_number(p_number numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN abs(whole_number.p_number - round(whole_number.p_number)) <= abs(whole_number.p_number) * 0.000000000000001
              THEN round(whole_number.p_number) END
$$;
COMMENT ON FUNCTION affiliate_private.whole_number(numeric) IS 'The whole number that this is, NULL where it is none. The last digits of a binary floating-point number do not count: a program that computes 149.97 may send 149.97000000000003.';
