CREATE OR REPLACE FUNCTION affiliate_private.fold_key(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT lower(btrim(fold_key.p_text) COLLATE "C")
$$;
COMMENT ON FUNCTION affiliate_private.fold_key(text) IS 'The form in which emails and codes are unique: trimmed, ASCII letters lower-cased (the same under every database collation).';
