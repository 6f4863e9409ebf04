CREATE OR REPLACE FUNCTION affiliate.list_webhook_deliveries(p_project_id bigint, p_endpoint_id bigint, p_status text DEFAULT NULL,
                                                             p_limit bigint DEFAULT 50, p_offset bigint DEFAULT 0) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_endpoint affiliate_private.webhook_endpoint := affiliate_private.find_webhook(list_webhook_deliveries.p_project_id, list_webhook_deliveries.p_endpoint_id);
BEGIN
  IF list_webhook_deliveries.p_status NOT IN ('pending', 'delivered', 'dead') THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'status must be pending, delivered or dead';
  ELSIF list_webhook_deliveries.p_limit NOT BETWEEN 1 AND 500 OR list_webhook_deliveries.p_offset < 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400', MESSAGE = 'limit must be between 1 and 500, and offset 0 or more';
  END IF;
  RETURN (SELECT coalesce(json_agg(affiliate_private.delivery_json(d) ORDER BY d.delivery_id DESC), '[]'::json)
          FROM (SELECT d.* FROM affiliate_private.webhook_delivery AS d
                WHERE d.project_id = v_endpoint.project_id AND d.endpoint_id = v_endpoint.endpoint_id
                  AND (list_webhook_deliveries.p_status IS NULL OR d.status = list_webhook_deliveries.p_status)
                ORDER BY d.delivery_id DESC LIMIT list_webhook_deliveries.p_limit OFFSET list_webhook_deliveries.p_offset) AS d);
END
$$;
COMMENT ON FUNCTION affiliate.list_webhook_deliveries(bigint, bigint, text, bigint, bigint) IS 'What was sent to an endpoint, newest first, with every attempt: of one status (pending, delivered, dead) where given. RF400 wrong filters, RF404 unknown endpoint.';

CREATE OR REPLACE FUNCTION affiliate.show_webhook_delivery(p_project_id bigint, p_endpoint_id bigint, p_delivery_id bigint) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT affiliate_private.delivery_json(affiliate_private.find_delivery(
    show_webhook_delivery.p_project_id,
    (affiliate_private.find_webhook(show_webhook_delivery.p_project_id, show_webhook_delivery.p_endpoint_id)).endpoint_id,
    show_webhook_delivery.p_delivery_id))
$$;
COMMENT ON FUNCTION affiliate.show_webhook_delivery(bigint, bigint, bigint) IS 'One delivery with every attempt. RF404 for an unknown one.';

CREATE OR REPLACE FUNCTION affiliate_private.find_delivery(p_project_id bigint, p_endpoint_id bigint, p_delivery_id bigint) RETURNS affiliate_private.webhook_delivery
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.webhook_delivery;
BEGIN
  SELECT d.* INTO v_row FROM affiliate_private.webhook_delivery AS d
  WHERE d.project_id = find_delivery.p_project_id AND d.endpoint_id = find_delivery.p_endpoint_id AND d.delivery_id = find_delivery.p_delivery_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Delivery not found';
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.find_delivery(bigint, bigint, bigint) IS 'A delivery of an endpoint; RF404 for an unknown one.';
