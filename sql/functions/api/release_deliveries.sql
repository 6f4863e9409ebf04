CREATE OR REPLACE FUNCTION affiliate_api.release_deliveries(p_results text) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_count integer;
BEGIN
  UPDATE affiliate_private.webhook_delivery AS d
  SET next_attempt_at = CASE WHEN p.enabled THEN NULL ELSE 'infinity'::timestamptz END, attempts = d.attempts - 1, lease_token = NULL,
      status = CASE WHEN p.deleted_at IS NULL THEN d.status ELSE 'dead' END
  FROM json_to_recordset(release_deliveries.p_results::json) AS r (project_id bigint, delivery_id bigint, lease_token uuid), affiliate_private.webhook_endpoint AS p
  WHERE d.project_id = r.project_id AND d.delivery_id = r.delivery_id AND d.lease_token = r.lease_token AND d.status = 'pending'
    AND p.project_id = d.project_id AND p.endpoint_id = d.endpoint_id;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END
$$;
COMMENT ON FUNCTION affiliate_api.release_deliveries(text) IS 'Gives back deliveries that were claimed but not sent; they are ready at once and the attempt does not count.';

CREATE OR REPLACE FUNCTION affiliate_api.next_delivery_due() RETURNS timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT nullif(d.next_attempt_at, 'infinity') FROM affiliate_private.webhook_delivery AS d
          WHERE d.status = 'pending' AND d.next_attempt_at IS NOT NULL ORDER BY d.next_attempt_at LIMIT 1);
END
$$;
COMMENT ON FUNCTION affiliate_api.next_delivery_due() IS 'When the next delivery becomes ready that is not yet, NULL for none. Those that are ready wait for nothing but somebody to claim them.';
