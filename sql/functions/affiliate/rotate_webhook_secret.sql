CREATE OR REPLACE FUNCTION affiliate.rotate_webhook_secret(p_project_id bigint, p_endpoint_id bigint, p_secret text DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.webhook_endpoint;
BEGIN
  PERFORM affiliate_private.lock_facts(rotate_webhook_secret.p_project_id, ARRAY['webhook:' || rotate_webhook_secret.p_endpoint_id]);
  v_row := affiliate_private.find_webhook(rotate_webhook_secret.p_project_id, rotate_webhook_secret.p_endpoint_id);
  IF rotate_webhook_secret.p_secret IS NOT NULL THEN
    PERFORM affiliate_private.check_length('secret', rotate_webhook_secret.p_secret, 8, 200);
  END IF;
  UPDATE affiliate_private.webhook_endpoint AS e SET next_secret = coalesce(rotate_webhook_secret.p_secret, affiliate_private.random_webhook_secret())
  WHERE e.project_id = v_row.project_id AND e.endpoint_id = v_row.endpoint_id
  RETURNING e.* INTO v_row;
  RETURN affiliate_private.webhook_json(v_row, v_row.next_secret);
END
$$;
COMMENT ON FUNCTION affiliate.rotate_webhook_secret(bigint, bigint, text) IS 'Gives an endpoint a second secret, generated unless given, and returns it: both sign the Standard Webhooks header, the old one alone the documented header, until the new one is promoted. RF404 unknown endpoint.';

CREATE OR REPLACE FUNCTION affiliate.promote_webhook_secret(p_project_id bigint, p_endpoint_id bigint) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.webhook_endpoint;
BEGIN
  PERFORM affiliate_private.lock_facts(promote_webhook_secret.p_project_id, ARRAY['webhook:' || promote_webhook_secret.p_endpoint_id]);
  v_row := affiliate_private.find_webhook(promote_webhook_secret.p_project_id, promote_webhook_secret.p_endpoint_id);
  IF v_row.next_secret IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'This webhook has no new secret to promote: rotate it first';
  END IF;
  UPDATE affiliate_private.webhook_endpoint AS e SET secret = e.next_secret, next_secret = NULL
  WHERE e.project_id = v_row.project_id AND e.endpoint_id = v_row.endpoint_id
  RETURNING e.* INTO v_row;
  RETURN affiliate_private.webhook_json(v_row);
END
$$;
COMMENT ON FUNCTION affiliate.promote_webhook_secret(bigint, bigint) IS 'Ends a rotation: the new secret alone signs from now on. RF404 unknown endpoint, RF409 no rotation.';
