CREATE OR REPLACE FUNCTION affiliate_private.next_key_id(p_project_id bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM affiliate_private.lock_facts(next_key_id.p_project_id, ARRAY['api_key']);
  RETURN greatest(
    next_key_id.p_project_id * 1000000,
    (SELECT max(k.key_id) FROM affiliate_private.api_key AS k WHERE k.project_id = next_key_id.p_project_id),
    (SELECT max(k.key_id) FROM affiliate_private.token_key AS k WHERE k.project_id = next_key_id.p_project_id)) + 1;
END
$$;
COMMENT ON FUNCTION affiliate_private.next_key_id(bigint) IS 'The id for a project''s next API key or token key: one series for both, so that an id counts the requests of one of them.';
