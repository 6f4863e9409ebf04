CREATE OR REPLACE FUNCTION affiliate.create_payout_batch(p_project_id bigint, p_affiliate_ids bigint[] DEFAULT NULL, p_requested_only boolean DEFAULT false,
                                                         p_reference text DEFAULT NULL, p_note text DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_project    affiliate_private.project := affiliate_private.check_project(create_payout_batch.p_project_id);
  v_candidates affiliate_private.payout_candidate[];
  v_batch      affiliate_private.payout_batch;
BEGIN
  PERFORM affiliate_private.check_affiliate(v_project.project_id, i.affiliate_id) FROM unnest(create_payout_batch.p_affiliate_ids) AS i (affiliate_id);
  PERFORM affiliate_private.check_payout_text('reference', create_payout_batch.p_reference, 64),
          affiliate_private.check_payout_text('note', create_payout_batch.p_note, 1000);
  -- Who may be paid is asked before the lock, as it looks at every affiliate. What is paid is counted under it.
  v_candidates := ARRAY(SELECT c FROM affiliate_private.payout_candidates(
    v_project, create_payout_batch.p_affiliate_ids, create_payout_batch.p_requested_only) AS c);
  -- Nobody settles a sale meanwhile, and of two runs at once the second finds what the first has reserved.
  PERFORM affiliate_private.lock_inputs(v_project.project_id, true);
  IF create_payout_batch.p_requested_only THEN
    v_candidates := affiliate_private.still_requested(v_project.project_id, v_candidates);
  END IF;
  SELECT b.* INTO v_batch FROM affiliate_private.payout_batch AS b
  WHERE b.project_id = v_project.project_id AND b.reference = create_payout_batch.p_reference;
  IF NOT FOUND THEN
    INSERT INTO affiliate_private.payout_batch AS b (project_id, reference, note, currency, eligible_at)
    VALUES (v_project.project_id, create_payout_batch.p_reference, create_payout_batch.p_note, v_project.currency, clock_timestamp())
    RETURNING b.* INTO v_batch;
    PERFORM affiliate_private.fill_payout_batch(v_batch, v_project.payout_minimum_minor, v_candidates);
  END IF;
  RETURN affiliate_private.payout_batch_json(v_batch);
END
$$;
COMMENT ON FUNCTION affiliate.create_payout_batch(bigint, bigint[], boolean, text, text) IS 'Reserves what is eligible for everybody (or p_affiliate_ids, or those with an approved request) who has a payout method and at least the project''s minimum, and returns the batch with how many it left out. Under the p_reference of a batch that is there: that batch, and nothing new. RF400 wrong values, RF404 unknown project or affiliate.';
