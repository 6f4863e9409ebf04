CREATE OR REPLACE FUNCTION affiliate_private.default_policy(p_project_id bigint) RETURNS affiliate_private.data_policy
LANGUAGE sql VOLATILE AS $$
  SELECT ROW(default_policy.p_project_id, encode(affiliate_private.random_bytes(32), 'hex'), 400, 90, 400, 1440, 0, 0)::affiliate_private.data_policy
$$;
COMMENT ON FUNCTION affiliate_private.default_policy(bigint) IS 'The policy of a project that has said nothing, with a hash key just drawn.';

CREATE OR REPLACE FUNCTION affiliate_private.data_policy_of(p_project_id bigint) RETURNS affiliate_private.data_policy
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.data_policy;
BEGIN
  SELECT d.* INTO v_row FROM affiliate_private.data_policy AS d WHERE d.project_id = data_policy_of.p_project_id;
  IF NOT FOUND THEN
    -- Of two at once the first one's key is everybody's.
    INSERT INTO affiliate_private.data_policy SELECT (affiliate_private.default_policy(data_policy_of.p_project_id)).*
    ON CONFLICT ON CONSTRAINT data_policy_pkey DO NOTHING;
    SELECT d.* INTO STRICT v_row FROM affiliate_private.data_policy AS d WHERE d.project_id = data_policy_of.p_project_id;
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.data_policy_of(bigint) IS 'How a project keeps details; the first call draws its hash key.';

CREATE OR REPLACE FUNCTION affiliate_private.personal_hash(p_policy affiliate_private.data_policy, p_kind text, p_text text) RETURNS bytea
LANGUAGE sql STABLE AS $$
  -- The kind keeps the hash of an address from being compared with that of an email.
  SELECT affiliate_private.hmac_sha256(personal_hash.p_kind || ':' || personal_hash.p_text, (personal_hash.p_policy).hash_key)
$$;
COMMENT ON FUNCTION affiliate_private.personal_hash(affiliate_private.data_policy, text, text) IS 'Keyed hash of personal data (kind ip, visitor or email); NULL for NULL.';
