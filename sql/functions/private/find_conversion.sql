CREATE OR REPLACE FUNCTION affiliate_private.find_conversion(p_project_id bigint, p_conversion_id bigint) RETURNS affiliate_private.conversion
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.conversion;
BEGIN
  SELECT c.* INTO v_row FROM affiliate_private.conversion AS c
  WHERE c.project_id = find_conversion.p_project_id AND c.conversion_id = find_conversion.p_conversion_id AND c.deleted_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Conversion not found';
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.find_conversion(bigint, bigint) IS 'The live conversion with this id; RF404 for an unknown one.';

CREATE OR REPLACE FUNCTION affiliate_private.lock_conversion(p_project_id bigint, p_conversion_id bigint) RETURNS affiliate_private.conversion
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row         affiliate_private.conversion;
  v_customer_id bigint;
  v_locked_id   bigint;
BEGIN
  -- Another merge may move the sale to another customer while this waits, so look again until the locked one is the right one.
  LOOP
    v_row := affiliate_private.find_conversion(lock_conversion.p_project_id, lock_conversion.p_conversion_id);
    SELECT s.customer_id INTO STRICT v_customer_id FROM affiliate_private.sale AS s
    WHERE s.project_id = v_row.project_id AND s.sale_id = v_row.sale_id;
    EXIT WHEN v_customer_id = v_locked_id;
    PERFORM affiliate_private.lock_customers(v_row.project_id, ARRAY[v_customer_id]);
    v_locked_id := v_customer_id;
  END LOOP;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.lock_conversion(bigint, bigint) IS 'The live conversion with this id, its customer locked against settling; RF404 for an unknown one. The caller holds lock_inputs.';

CREATE OR REPLACE FUNCTION affiliate_private.claim_reference(p_project_id bigint, p_reference text, p_conversion_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- Taken before any other fact, so that of fifty requests with one reference one wins and the others see it.
  PERFORM affiliate_private.lock_facts(claim_reference.p_project_id, ARRAY['reference:' || claim_reference.p_reference]);
  IF EXISTS (SELECT FROM affiliate_private.conversion AS c
             WHERE c.project_id = claim_reference.p_project_id AND c.reference = claim_reference.p_reference AND c.deleted_at IS NULL
               AND c.conversion_id IS DISTINCT FROM claim_reference.p_conversion_id) THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'A conversion with this reference already exists';
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.claim_reference(bigint, text, bigint) IS 'Makes sure that no other live conversion has this reference, until the end of the transaction; RF409 where one has.';
