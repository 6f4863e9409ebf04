CREATE OR REPLACE FUNCTION affiliate_private.find_webhook(p_project_id bigint, p_endpoint_id bigint) RETURNS affiliate_private.webhook_endpoint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.webhook_endpoint;
BEGIN
  SELECT e.* INTO v_row FROM affiliate_private.webhook_endpoint AS e
  WHERE e.project_id = find_webhook.p_project_id AND e.endpoint_id = find_webhook.p_endpoint_id AND e.deleted_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Webhook not found';
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.find_webhook(bigint, bigint) IS 'The live endpoint with this id; RF404 for an unknown one.';

CREATE OR REPLACE FUNCTION affiliate_private.find_enabled_webhook(p_project_id bigint, p_endpoint_id bigint) RETURNS affiliate_private.webhook_endpoint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.webhook_endpoint := affiliate_private.find_webhook(find_enabled_webhook.p_project_id, find_enabled_webhook.p_endpoint_id);
BEGIN
  IF NOT v_row.enabled THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'This webhook is disabled: enable it first';
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.find_enabled_webhook(bigint, bigint) IS 'As find_webhook, for sending something; RF409 for a disabled one.';
