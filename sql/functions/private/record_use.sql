CREATE OR REPLACE FUNCTION affiliate_private.record_use(p_project_id bigint, p_key_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- One of several requests at once does it, and the others do not wait for it.
  UPDATE affiliate_private.api_key AS k SET last_used_at = now()
  FROM (SELECT o.key_id FROM affiliate_private.api_key AS o
        WHERE o.project_id = record_use.p_project_id AND o.key_id = record_use.p_key_id FOR NO KEY UPDATE SKIP LOCKED) AS free
  WHERE k.project_id = record_use.p_project_id AND k.key_id = free.key_id;
  UPDATE affiliate_private.token_key AS k SET last_used_at = now()
  FROM (SELECT o.key_id FROM affiliate_private.token_key AS o
        WHERE o.project_id = record_use.p_project_id AND o.key_id = record_use.p_key_id FOR NO KEY UPDATE SKIP LOCKED) AS free
  WHERE k.project_id = record_use.p_project_id AND k.key_id = free.key_id;
END
$$;
COMMENT ON FUNCTION affiliate_private.record_use(bigint, bigint) IS 'Notes that a key (an API key or a token key; their ids are one series) is in use; called when the note is more than five minutes old.';
