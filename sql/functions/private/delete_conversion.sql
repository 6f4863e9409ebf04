CREATE OR REPLACE FUNCTION affiliate_private.delete_conversion(p_project_id bigint, p_conversion_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_old affiliate_private.conversion;
  v_new affiliate_private.conversion;
BEGIN
  SELECT c.* INTO STRICT v_old FROM affiliate_private.conversion AS c
  WHERE c.project_id = delete_conversion.p_project_id AND c.conversion_id = delete_conversion.p_conversion_id;
  PERFORM affiliate_private.check_not_reserved(v_old);
  UPDATE affiliate_private.conversion AS c SET deleted_at = clock_timestamp(), updated_at = clock_timestamp()
  WHERE c.project_id = v_old.project_id AND c.conversion_id = v_old.conversion_id AND c.deleted_at IS NULL
  RETURNING c.* INTO v_new;
  IF v_new.conversion_id IS NOT NULL THEN
    PERFORM affiliate_private.book_conversion(v_old, v_new);
    IF v_new.affiliate_id IS NOT NULL THEN
      PERFORM affiliate_private.emit_conversion_webhook(v_new, 'referral_canceled', 0, 'deleted');
    END IF;
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.delete_conversion(bigint, bigint) IS 'Tombstone and counter-entries; what was paid stays paid, and late events do not bring it back. RF409 while it is in an open payout. The caller holds the inputs lock.';
