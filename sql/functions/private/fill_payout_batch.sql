-- The insides of affiliate.create_payout_batch.

CREATE OR REPLACE FUNCTION affiliate_private.payout_candidates(p_project affiliate_private.project, p_affiliate_ids bigint[], p_requested_only boolean)
RETURNS SETOF affiliate_private.payout_candidate
LANGUAGE sql STABLE AS $$
  SELECT a.affiliate_id, x.payable_minor,
         CASE WHEN x.payable_minor < 0 THEN 'owes'
              WHEN payout_candidates.p_requested_only AND NOT EXISTS (
                SELECT FROM affiliate_private.payout_request AS q
                WHERE q.project_id = a.project_id AND q.affiliate_id = a.affiliate_id AND q.status = 'approved') THEN 'not_requested'
              WHEN x.payable_minor < (payout_candidates.p_project).payout_minimum_minor THEN 'below_minimum'
              WHEN NOT EXISTS (SELECT FROM affiliate_private.payout_preference AS p
                               WHERE p.project_id = a.project_id AND p.affiliate_id = a.affiliate_id) THEN 'no_method' END
  FROM affiliate_private.affiliate AS a
  CROSS JOIN LATERAL (SELECT affiliate_private.payable_minor(a.project_id, a.affiliate_id) AS payable_minor) AS x
  WHERE a.project_id = (payout_candidates.p_project).project_id AND a.deleted_at IS NULL AND x.payable_minor <> 0
    AND (payout_candidates.p_affiliate_ids IS NULL OR a.affiliate_id = ANY (payout_candidates.p_affiliate_ids))
$$;
COMMENT ON FUNCTION affiliate_private.payout_candidates(affiliate_private.project, bigint[], boolean) IS 'Affiliates with eligible money that is not reserved, and the reason for leaving each out, NULL where there is none.';

CREATE OR REPLACE FUNCTION affiliate_private.still_requested(p_project_id bigint, p_candidates affiliate_private.payout_candidate[]) RETURNS affiliate_private.payout_candidate[]
LANGUAGE sql STABLE AS $$
  SELECT array_agg(ROW(c.affiliate_id, c.payable_minor, CASE
    WHEN c.reason IS NULL AND NOT EXISTS (SELECT FROM affiliate_private.payout_request AS q
                                          WHERE q.project_id = still_requested.p_project_id AND q.affiliate_id = c.affiliate_id AND q.status = 'approved')
    THEN 'not_requested' ELSE c.reason END)::affiliate_private.payout_candidate)
  FROM unnest(still_requested.p_candidates) AS c
$$;
COMMENT ON FUNCTION affiliate_private.still_requested(bigint, affiliate_private.payout_candidate[]) IS 'The candidates, without a payout for those whose request is not approved any more. The caller holds lock_inputs exclusively.';

CREATE OR REPLACE FUNCTION affiliate_private.fill_payout_batch(p_batch affiliate_private.payout_batch, p_minimum_minor bigint, p_candidates affiliate_private.payout_candidate[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_batch affiliate_private.payout_batch := fill_payout_batch.p_batch;
BEGIN
  WITH line AS MATERIALIZED (
    SELECT l.* FROM affiliate_private.payable_lines(
      v_batch.project_id, ARRAY(SELECT c.affiliate_id FROM unnest(fill_payout_batch.p_candidates) AS c WHERE c.reason IS NULL), v_batch.eligible_at) AS l
  ), owed AS (
    SELECT line.affiliate_id, sum(line.amount_minor)::bigint AS amount_minor FROM line GROUP BY line.affiliate_id
  ), payout AS (
    INSERT INTO affiliate_private.payout AS o (project_id, batch_id, affiliate_id, reference, amount_minor, currency, method, destination)
    SELECT v_batch.project_id, v_batch.batch_id, owed.affiliate_id, affiliate_private.payout_reference(), owed.amount_minor, v_batch.currency,
           p.method, affiliate_private.payout_destination(p)
    FROM owed
    JOIN affiliate_private.payout_preference AS p ON p.project_id = v_batch.project_id AND p.affiliate_id = owed.affiliate_id
    WHERE owed.amount_minor >= greatest(fill_payout_batch.p_minimum_minor, 1)
    ORDER BY owed.affiliate_id
    RETURNING o.payout_id, o.affiliate_id
  ), reserved AS (
    INSERT INTO affiliate_private.payout_line (project_id, payout_id, conversion_id, affiliate_id, amount_minor)
    SELECT v_batch.project_id, payout.payout_id, line.conversion_id, line.affiliate_id, line.amount_minor
    FROM line JOIN payout ON payout.affiliate_id = line.affiliate_id
  ), request AS (
    UPDATE affiliate_private.payout_request AS q SET status = 'processing', payout_id = payout.payout_id
    FROM payout
    WHERE q.project_id = v_batch.project_id AND q.affiliate_id = payout.affiliate_id AND q.status IN ('pending', 'approved')
  )
  INSERT INTO affiliate_private.payout_left_out (project_id, batch_id, affiliate_id, eligible_minor, reason)
  SELECT v_batch.project_id, v_batch.batch_id, c.affiliate_id, c.payable_minor, c.reason
  FROM unnest(fill_payout_batch.p_candidates) AS c WHERE c.reason IS NOT NULL
  UNION ALL
  -- What looked payable and, counted under the lock, is not.
  SELECT v_batch.project_id, v_batch.batch_id, owed.affiliate_id, owed.amount_minor, CASE WHEN owed.amount_minor < 0 THEN 'owes' ELSE 'below_minimum' END
  FROM owed WHERE owed.amount_minor <> 0 AND owed.affiliate_id NOT IN (SELECT payout.affiliate_id FROM payout);
END
$$;
COMMENT ON FUNCTION affiliate_private.fill_payout_batch(affiliate_private.payout_batch, bigint, affiliate_private.payout_candidate[]) IS 'Reserves what is owed to the candidates without a reason against it, and writes down who was left out. The caller holds lock_inputs exclusively.';

CREATE OR REPLACE FUNCTION affiliate_private.payout_reference() RETURNS text
LANGUAGE sql VOLATILE AS $$
  -- Ten characters, which fit the payment references of every bank; 45 bits, of which a project uses few.
  SELECT 'P' || affiliate_private.random_code(9)
$$;
COMMENT ON FUNCTION affiliate_private.payout_reference() IS 'A new name for a payment, to be found again in the files and statements of payment providers.';
