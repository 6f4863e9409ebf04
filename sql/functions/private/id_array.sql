CREATE OR REPLACE FUNCTION affiliate_private.id_array(p_name text, p_ids jsonb) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF jsonb_array_length(id_array.p_ids) = 0 OR EXISTS (
       SELECT FROM jsonb_array_elements(id_array.p_ids) AS i (id)
       WHERE jsonb_typeof(i.id) <> 'number' OR CASE WHEN jsonb_typeof(i.id) = 'number' THEN i.id::numeric % 1 <> 0 OR i.id::numeric NOT BETWEEN 1 AND 9007199254740991 END) THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = format('%s must be a list of at least one id', id_array.p_name);
  END IF;
  RETURN ARRAY(SELECT i.id::numeric::bigint FROM jsonb_array_elements(id_array.p_ids) AS i (id));
END
$$;
COMMENT ON FUNCTION affiliate_private.id_array(text, jsonb) IS 'The ids of a JSON array; RF400 naming it for anything else.';
