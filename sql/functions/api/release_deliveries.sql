CREATE OR REPLACE FUNCTION affiliate_api.release_deliveries(p_results text) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_results affiliate_private.delivery_result[] := affiliate_private.leased_results(release_deliveries.p_results::json);
BEGIN
  PERFORM affiliate_private.shorten_leases(v_results);
  RETURN cardinality(v_results);
END
$$;
COMMENT ON FUNCTION affiliate_api.release_deliveries(text) IS 'Gives back deliveries that were claimed but not sent; they are ready at once and the attempt does not count.';

CREATE OR REPLACE FUNCTION affiliate_api.next_delivery_due() RETURNS timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN least(
    (SELECT nullif(d.next_attempt_at, 'infinity') FROM affiliate_private.webhook_delivery AS d
     WHERE d.status = 'pending' AND d.next_attempt_at IS NOT NULL ORDER BY d.next_attempt_at LIMIT 1),
    (SELECT l.ends_at FROM affiliate_private.webhook_lease AS l ORDER BY l.ends_at LIMIT 1));
END
$$;
COMMENT ON FUNCTION affiliate_api.next_delivery_due() IS 'When the next delivery becomes ready that is not yet, NULL for none. Those that are ready wait for nothing but somebody to claim them.';

CREATE OR REPLACE FUNCTION affiliate_private.leased_results(p_results json) RETURNS affiliate_private.delivery_result[]
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_results affiliate_private.delivery_result[] := ARRAY(
    SELECT r FROM json_populate_recordset(NULL::affiliate_private.delivery_result, leased_results.p_results) AS r);
BEGIN
  -- Leases before endpoints and deliveries, as everybody who changes them.
  PERFORM FROM affiliate_private.webhook_lease AS l
  WHERE (l.project_id, l.lease_token) IN (SELECT r.project_id, r.lease_token FROM unnest(v_results) AS r)
  ORDER BY l.project_id, l.lease_token FOR UPDATE;
  RETURN ARRAY(
    SELECT r FROM unnest(v_results) AS r
    JOIN affiliate_private.webhook_lease AS l ON l.project_id = r.project_id AND l.lease_token = r.lease_token AND r.delivery_id = ANY (l.delivery_ids));
END
$$;
COMMENT ON FUNCTION affiliate_private.leased_results(json) IS 'The results among these whose delivery is leased to whoever reports them; their leases are locked.';

CREATE OR REPLACE FUNCTION affiliate_private.shorten_leases(p_results affiliate_private.delivery_result[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  WITH rest AS (
    SELECT l.project_id, l.lease_token,
           ARRAY(SELECT i.delivery_id FROM unnest(l.delivery_ids) AS i (delivery_id)
                 EXCEPT SELECT r.delivery_id FROM unnest(shorten_leases.p_results) AS r WHERE r.lease_token = l.lease_token) AS delivery_ids
    FROM affiliate_private.webhook_lease AS l
    WHERE (l.project_id, l.lease_token) IN (SELECT r.project_id, r.lease_token FROM unnest(shorten_leases.p_results) AS r)
  ), over AS (
    DELETE FROM affiliate_private.webhook_lease AS l USING rest
    WHERE l.project_id = rest.project_id AND l.lease_token = rest.lease_token AND cardinality(rest.delivery_ids) = 0
  )
  UPDATE affiliate_private.webhook_lease AS l SET delivery_ids = rest.delivery_ids
  FROM rest WHERE l.project_id = rest.project_id AND l.lease_token = rest.lease_token AND cardinality(rest.delivery_ids) > 0;
END
$$;
COMMENT ON FUNCTION affiliate_private.shorten_leases(affiliate_private.delivery_result[]) IS 'Takes deliveries out of their leases, and leases away that have none left.';
