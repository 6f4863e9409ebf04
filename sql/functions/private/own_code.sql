CREATE OR REPLACE FUNCTION affiliate_private.own_code(p_project_id bigint, p_namespace text, p_code_key text, p_affiliate_id bigint, p_label text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  INSERT INTO affiliate_private.attribution_code (project_id, namespace, code_key, effective_at, affiliate_id, label)
  VALUES (own_code.p_project_id, own_code.p_namespace, own_code.p_code_key, clock_timestamp(), own_code.p_affiliate_id, own_code.p_label);
  PERFORM affiliate_private.resettle_code(own_code.p_project_id, own_code.p_namespace, own_code.p_code_key);
END
$$;
COMMENT ON FUNCTION affiliate_private.own_code(bigint, text, text, bigint, text) IS 'From now on a code belongs to this affiliate (NULL: to nobody), and sales it speaks for are settled again. p_label: what conversions show for it. The caller holds lock_inputs exclusively.';
