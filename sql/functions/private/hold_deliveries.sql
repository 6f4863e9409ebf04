CREATE OR REPLACE FUNCTION affiliate_private.hold_deliveries(p_endpoint affiliate_private.webhook_endpoint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.webhook_endpoint := hold_deliveries.p_endpoint;
BEGIN
  -- What is on the wire right now is left to settle_deliveries.
  UPDATE affiliate_private.webhook_delivery AS d
  SET status = CASE WHEN v_row.deleted_at IS NULL THEN 'pending' ELSE 'dead' END,
      settled_at = CASE WHEN v_row.deleted_at IS NULL THEN d.settled_at ELSE clock_timestamp() END,
      next_attempt_at = CASE WHEN v_row.enabled THEN NULL ELSE 'infinity'::timestamptz END
  WHERE d.project_id = v_row.project_id AND d.endpoint_id = v_row.endpoint_id AND d.status = 'pending'
    AND NOT EXISTS (SELECT FROM affiliate_private.webhook_lease AS l CROSS JOIN LATERAL unnest(l.delivery_ids) AS i (delivery_id)
                    WHERE l.project_id = v_row.project_id AND l.endpoint_id = v_row.endpoint_id AND l.ends_at > clock_timestamp()
                      AND i.delivery_id = d.delivery_id);
  IF v_row.enabled THEN
    PERFORM affiliate_private.ring_doorbell();
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.hold_deliveries(affiliate_private.webhook_endpoint) IS 'Brings the waiting deliveries of an endpoint in line with it: held where it is disabled, ready where it is enabled, given up where it is deleted.';
