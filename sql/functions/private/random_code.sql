CREATE OR REPLACE FUNCTION affiliate_private.random_code(p_length integer) RETURNS text
LANGUAGE sql VOLATILE AS $$
  -- 32 symbols, so that a byte modulo 32 is unbiased; no 0/O, 1/I.
  SELECT string_agg(substr('23456789ABCDEFGHJKLMNPQRSTUVWXYZ', 1 + get_byte(b.bytes, i.n) % 32, 1), '')
  FROM (SELECT affiliate_private.random_bytes(random_code.p_length) AS bytes OFFSET 0) AS b,
       generate_series(0, random_code.p_length - 1) AS i (n)
$$;
COMMENT ON FUNCTION affiliate_private.random_code(integer) IS 'A short random code without look-alike characters.';
