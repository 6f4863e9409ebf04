CREATE OR REPLACE FUNCTION affiliate_private.merge_discount(p_project_id bigint, p_provider text, p_event_key text, p_occurred_at timestamptz, p_discount jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_key text := affiliate_private.fold_key(merge_discount.p_discount ->> 'key');
BEGIN
  -- It decides whom evidence speaks for, as the owner of a code does.
  PERFORM affiliate_private.lock_inputs(merge_discount.p_project_id, true);
  INSERT INTO affiliate_private.discount AS d (project_id, provider, discount_key, code_key, occurred_at, source_key)
  VALUES (merge_discount.p_project_id, merge_discount.p_provider, v_key, affiliate_private.fold_key(merge_discount.p_discount ->> 'code'),
          merge_discount.p_occurred_at, merge_discount.p_event_key)
  ON CONFLICT ON CONSTRAINT discount_pkey DO UPDATE
    SET code_key = excluded.code_key, occurred_at = excluded.occurred_at, source_key = excluded.source_key
    WHERE (excluded.occurred_at, excluded.source_key) > (d.occurred_at, d.source_key);
  IF FOUND THEN
    PERFORM affiliate_private.resettle_code(merge_discount.p_project_id, affiliate_private.discount_namespace(merge_discount.p_provider), v_key);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.merge_discount(bigint, text, text, timestamptz, jsonb) IS 'Stores the code of a provider''s discount, by the newest word of it, and settles the customers who used it.';

CREATE OR REPLACE FUNCTION affiliate_private.discount_namespace(p_provider text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT discount_namespace.p_provider || ':discount'
$$;
COMMENT ON FUNCTION affiliate_private.discount_namespace(text) IS 'The namespace of evidence that names a discount by the provider''s id.';
