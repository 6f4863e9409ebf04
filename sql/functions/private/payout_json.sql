CREATE OR REPLACE FUNCTION affiliate_private.find_payout(p_project_id bigint, p_payout_id bigint) RETURNS affiliate_private.payout
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.payout;
BEGIN
  SELECT o.* INTO v_row FROM affiliate_private.payout AS o WHERE o.project_id = find_payout.p_project_id AND o.payout_id = find_payout.p_payout_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Payout not found';
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.find_payout(bigint, bigint) IS 'The payout with this id; RF404 for an unknown one.';

CREATE OR REPLACE FUNCTION affiliate_private.find_payout_batch(p_project_id bigint, p_batch_id bigint) RETURNS affiliate_private.payout_batch
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.payout_batch;
BEGIN
  SELECT b.* INTO v_row FROM affiliate_private.payout_batch AS b WHERE b.project_id = find_payout_batch.p_project_id AND b.batch_id = find_payout_batch.p_batch_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Payout batch not found';
  END IF;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.find_payout_batch(bigint, bigint) IS 'The payout batch with this id; RF404 for an unknown one.';

CREATE OR REPLACE FUNCTION affiliate_private.payout_json(p_payout affiliate_private.payout) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT o.payout_id AS id, o.batch_id, o.affiliate_id, a.email AS user_email, o.reference,
           affiliate_private.money_text(o.amount_minor, o.currency) AS amount, o.currency, o.method, o.destination::json AS destination, o.status,
           o.transaction_id, o.reason, affiliate_private.api_time(o.created_at) AS created_at, affiliate_private.api_time(o.settled_at) AS settled_at,
           affiliate_private.api_time(o.returned_at) AS returned_at
    FROM (SELECT (payout_json.p_payout).*) AS o
    JOIN affiliate_private.affiliate AS a ON a.project_id = o.project_id AND a.affiliate_id = o.affiliate_id) AS x
$$;
COMMENT ON FUNCTION affiliate_private.payout_json(affiliate_private.payout) IS 'A payout as the API prints it.';

CREATE OR REPLACE FUNCTION affiliate_private.payout_total_json(p_batch affiliate_private.payout_batch, p_status text) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT count(*) AS payouts, affiliate_private.money_text(coalesce(sum(o.amount_minor), 0)::bigint, (payout_total_json.p_batch).currency) AS amount
    FROM affiliate_private.payout AS o
    WHERE o.project_id = (payout_total_json.p_batch).project_id AND o.batch_id = (payout_total_json.p_batch).batch_id AND o.status = payout_total_json.p_status) AS x
$$;
COMMENT ON FUNCTION affiliate_private.payout_total_json(affiliate_private.payout_batch, text) IS 'How many payouts of a batch have a status, and how much they come to.';

CREATE OR REPLACE FUNCTION affiliate_private.payout_batch_json(p_batch affiliate_private.payout_batch) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT b.batch_id AS id, b.reference, b.note, CASE WHEN s.reserved > 0 THEN 'open' ELSE 'settled' END AS status, b.currency,
           affiliate_private.money_text(s.amount_minor, b.currency) AS amount, s.payouts,
           (SELECT row_to_json(y) FROM (
              SELECT affiliate_private.payout_total_json(payout_batch_json.p_batch, 'reserved') AS reserved, affiliate_private.payout_total_json(payout_batch_json.p_batch, 'paid') AS paid,
                     affiliate_private.payout_total_json(payout_batch_json.p_batch, 'failed') AS failed, affiliate_private.payout_total_json(payout_batch_json.p_batch, 'canceled') AS canceled,
                     affiliate_private.payout_total_json(payout_batch_json.p_batch, 'returned') AS returned) AS y) AS totals,
           (SELECT count(*) FROM affiliate_private.payout_left_out AS l WHERE l.project_id = b.project_id AND l.batch_id = b.batch_id) AS left_out,
           affiliate_private.api_time(b.eligible_at) AS eligible_at, affiliate_private.api_time(b.created_at) AS created_at
    FROM (SELECT (payout_batch_json.p_batch).*) AS b
    CROSS JOIN LATERAL (
      SELECT count(*) AS payouts, coalesce(sum(o.amount_minor), 0)::bigint AS amount_minor, count(*) FILTER (WHERE o.status = 'reserved') AS reserved
      FROM affiliate_private.payout AS o WHERE o.project_id = b.project_id AND o.batch_id = b.batch_id) AS s) AS x
$$;
COMMENT ON FUNCTION affiliate_private.payout_batch_json(affiliate_private.payout_batch) IS 'A payout batch as the API prints it: open while a payout of it is reserved, with how many payouts and how much in each status.';

CREATE OR REPLACE FUNCTION affiliate_private.left_out_json(p_left_out affiliate_private.payout_left_out, p_currency text) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT l.affiliate_id, a.email AS user_email, affiliate_private.money_text(l.eligible_minor, left_out_json.p_currency) AS eligible, l.reason
    FROM (SELECT (left_out_json.p_left_out).*) AS l
    JOIN affiliate_private.affiliate AS a ON a.project_id = l.project_id AND a.affiliate_id = l.affiliate_id) AS x
$$;
COMMENT ON FUNCTION affiliate_private.left_out_json(affiliate_private.payout_left_out, text) IS 'Somebody a batch did not pay, and why, as the API prints it.';

CREATE OR REPLACE FUNCTION affiliate_private.payout_line_json(p_line affiliate_private.payout_line, p_currency text) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT l.conversion_id, c.reference AS conversion_reference, affiliate_private.api_time(c.occurred_at) AS occurred_at,
           affiliate_private.money_text(l.amount_minor, payout_line_json.p_currency) AS amount, l.entry_id, l.returned_entry_id
    FROM (SELECT (payout_line_json.p_line).*) AS l
    JOIN affiliate_private.conversion AS c ON c.project_id = l.project_id AND c.conversion_id = l.conversion_id) AS x
$$;
COMMENT ON FUNCTION affiliate_private.payout_line_json(affiliate_private.payout_line, text) IS 'One conversion in a payout, as the API prints it.';

CREATE OR REPLACE FUNCTION affiliate_private.payout_request_json(p_request affiliate_private.payout_request) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT q.request_id AS id, q.affiliate_id, a.email AS user_email, affiliate_private.money_text(q.amount_minor, q.currency) AS amount, q.currency,
           q.status, q.payout_id, q.reason, affiliate_private.api_time(q.created_at) AS created_at, affiliate_private.api_time(q.decided_at) AS decided_at
    FROM (SELECT (payout_request_json.p_request).*) AS q
    JOIN affiliate_private.affiliate AS a ON a.project_id = q.project_id AND a.affiliate_id = q.affiliate_id) AS x
$$;
COMMENT ON FUNCTION affiliate_private.payout_request_json(affiliate_private.payout_request) IS 'A payout request as the API prints it.';
