CREATE OR REPLACE FUNCTION affiliate.list_payout_batches(p_project_id bigint, p_limit bigint DEFAULT 50) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM affiliate_private.check_project(list_payout_batches.p_project_id);
  PERFORM affiliate_private.check_limit(list_payout_batches.p_limit);
  RETURN (SELECT coalesce(json_agg(affiliate_private.payout_batch_json(b) ORDER BY b.batch_id DESC), '[]'::json)
          FROM (SELECT b.* FROM affiliate_private.payout_batch AS b WHERE b.project_id = list_payout_batches.p_project_id
                ORDER BY b.batch_id DESC LIMIT list_payout_batches.p_limit) AS b);
END
$$;
COMMENT ON FUNCTION affiliate.list_payout_batches(bigint, bigint) IS 'Payout batches, the newest first. RF400 wrong limit, RF404 unknown project.';

CREATE OR REPLACE FUNCTION affiliate.show_payout_batch(p_project_id bigint, p_batch_id bigint) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_batch affiliate_private.payout_batch := affiliate_private.find_payout_batch(show_payout_batch.p_project_id, show_payout_batch.p_batch_id);
BEGIN
  RETURN row_to_json(x) FROM (
    SELECT affiliate_private.payout_batch_json(v_batch) AS batch,
           (SELECT coalesce(json_agg(affiliate_private.payout_json(o) ORDER BY o.payout_id), '[]'::json) FROM affiliate_private.payout AS o
            WHERE o.project_id = v_batch.project_id AND o.batch_id = v_batch.batch_id) AS payouts,
           (SELECT coalesce(json_agg(affiliate_private.left_out_json(l, v_batch.currency) ORDER BY l.affiliate_id), '[]'::json)
            FROM affiliate_private.payout_left_out AS l
            WHERE l.project_id = v_batch.project_id AND l.batch_id = v_batch.batch_id) AS left_out) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.show_payout_batch(bigint, bigint) IS 'A payout batch with all of its payouts, and whom it left out and why. RF404 unknown batch.';

CREATE OR REPLACE FUNCTION affiliate.list_payout_requests(p_project_id bigint, p_status text DEFAULT NULL, p_limit bigint DEFAULT 50) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM affiliate_private.check_project(list_payout_requests.p_project_id);
  PERFORM affiliate_private.check_limit(list_payout_requests.p_limit);
  PERFORM affiliate_private.check_setting('status', coalesce(list_payout_requests.p_status, 'pending'), '^(pending|approved|processing|paid|failed|rejected|canceled)$',
                                          '"pending", "approved", "processing", "paid", "failed", "rejected" or "canceled"');
  RETURN (SELECT coalesce(json_agg(affiliate_private.payout_request_json(q) ORDER BY q.request_id DESC), '[]'::json)
          FROM (SELECT q.* FROM affiliate_private.payout_request AS q
                WHERE q.project_id = list_payout_requests.p_project_id AND (list_payout_requests.p_status IS NULL OR q.status = list_payout_requests.p_status)
                ORDER BY q.request_id DESC LIMIT list_payout_requests.p_limit) AS q);
END
$$;
COMMENT ON FUNCTION affiliate.list_payout_requests(bigint, text, bigint) IS 'Payout requests, the newest first, of one status where given. RF400 wrong status or limit, RF404 unknown project.';

CREATE OR REPLACE FUNCTION affiliate.show_payout_preferences(p_project_id bigint, p_email text) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT affiliate_private.payout_preference_json(affiliate_private.find_affiliate(show_payout_preferences.p_project_id, show_payout_preferences.p_email))
$$;
COMMENT ON FUNCTION affiliate.show_payout_preferences(bigint, text) IS 'How an affiliate wants to be paid; all null where nothing is set. RF404 unknown affiliate.';
