CREATE OR REPLACE FUNCTION affiliate.confirm_payout(p_project_id bigint, p_payout_id bigint, p_transaction_id text DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.payout := affiliate_private.lock_payout(confirm_payout.p_project_id, confirm_payout.p_payout_id, 'paid');
BEGIN
  PERFORM affiliate_private.check_payout_text('transaction_id', confirm_payout.p_transaction_id, 128);
  IF v_row.transaction_id <> confirm_payout.p_transaction_id THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = format('Payout %s was confirmed with transaction %s', v_row.payout_id, v_row.transaction_id);
  ELSIF v_row.status = 'reserved' THEN
    PERFORM affiliate_private.pay_payouts(v_row.project_id, ARRAY[v_row.payout_id], confirm_payout.p_transaction_id);
  END IF;
  RETURN affiliate_private.payout_json(affiliate_private.find_payout(v_row.project_id, v_row.payout_id));
END
$$;
COMMENT ON FUNCTION affiliate.confirm_payout(bigint, bigint, text) IS 'Says that a reserved payout has reached its affiliate: books it and marks its conversions paid. Repeating it changes nothing. RF404 unknown payout, RF409 for one that failed, was canceled or came back.';

CREATE OR REPLACE FUNCTION affiliate.fail_payout(p_project_id bigint, p_payout_id bigint, p_reason text DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.payout := affiliate_private.lock_payout(fail_payout.p_project_id, fail_payout.p_payout_id, 'failed');
BEGIN
  PERFORM affiliate_private.check_payout_text('reason', fail_payout.p_reason, 1000);
  IF v_row.status = 'reserved' THEN
    PERFORM affiliate_private.release_payouts(v_row.project_id, ARRAY[v_row.payout_id], 'failed', fail_payout.p_reason);
  END IF;
  RETURN affiliate_private.payout_json(affiliate_private.find_payout(v_row.project_id, v_row.payout_id));
END
$$;
COMMENT ON FUNCTION affiliate.fail_payout(bigint, bigint, text) IS 'Says that a reserved payout did not go through: nothing is booked and its money can be paid by another batch. Repeating it changes nothing. RF404 unknown payout, RF409 for one that was paid or canceled.';

CREATE OR REPLACE FUNCTION affiliate.cancel_payout(p_project_id bigint, p_payout_id bigint, p_reason text DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.payout := affiliate_private.lock_payout(cancel_payout.p_project_id, cancel_payout.p_payout_id, 'canceled');
BEGIN
  PERFORM affiliate_private.check_payout_text('reason', cancel_payout.p_reason, 1000);
  IF v_row.status = 'reserved' THEN
    PERFORM affiliate_private.release_payouts(v_row.project_id, ARRAY[v_row.payout_id], 'canceled', cancel_payout.p_reason);
  END IF;
  RETURN affiliate_private.payout_json(affiliate_private.find_payout(v_row.project_id, v_row.payout_id));
END
$$;
COMMENT ON FUNCTION affiliate.cancel_payout(bigint, bigint, text) IS 'Gives up a reserved payout before it was sent; a request it answered waits for the next batch. Repeating it changes nothing. RF404 unknown payout, RF409 for one that was paid or failed.';

CREATE OR REPLACE FUNCTION affiliate.return_payout(p_project_id bigint, p_payout_id bigint, p_reason text DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.payout := affiliate_private.lock_payout(return_payout.p_project_id, return_payout.p_payout_id, 'returned', 'paid');
BEGIN
  PERFORM affiliate_private.check_payout_text('reason', return_payout.p_reason, 1000);
  IF v_row.status = 'paid' THEN
    PERFORM affiliate_private.take_back_payout(v_row, return_payout.p_reason);
  END IF;
  RETURN affiliate_private.payout_json(affiliate_private.find_payout(v_row.project_id, v_row.payout_id));
END
$$;
COMMENT ON FUNCTION affiliate.return_payout(bigint, bigint, text) IS 'Says that a confirmed payout came back: it is booked back line by line, its conversions are unpaid again, and another batch takes the money up. Repeating it changes nothing. RF404 unknown payout, RF409 for one that is reserved, failed or was canceled.';

CREATE OR REPLACE FUNCTION affiliate.confirm_payout_batch(p_project_id bigint, p_batch_id bigint) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_batch affiliate_private.payout_batch;
BEGIN
  PERFORM affiliate_private.lock_inputs(confirm_payout_batch.p_project_id, true);
  v_batch := affiliate_private.find_payout_batch(confirm_payout_batch.p_project_id, confirm_payout_batch.p_batch_id);
  PERFORM affiliate_private.pay_payouts(v_batch.project_id, affiliate_private.open_payouts(v_batch));
  RETURN affiliate_private.payout_batch_json(v_batch);
END
$$;
COMMENT ON FUNCTION affiliate.confirm_payout_batch(bigint, bigint) IS 'Confirms every payout of a batch that is still reserved; mark the failed ones first. Repeating it changes nothing. RF404 unknown batch.';

CREATE OR REPLACE FUNCTION affiliate.cancel_payout_batch(p_project_id bigint, p_batch_id bigint, p_reason text DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_batch affiliate_private.payout_batch;
BEGIN
  PERFORM affiliate_private.check_payout_text('reason', cancel_payout_batch.p_reason, 1000);
  PERFORM affiliate_private.lock_inputs(cancel_payout_batch.p_project_id, true);
  v_batch := affiliate_private.find_payout_batch(cancel_payout_batch.p_project_id, cancel_payout_batch.p_batch_id);
  PERFORM affiliate_private.release_payouts(v_batch.project_id, affiliate_private.open_payouts(v_batch), 'canceled', cancel_payout_batch.p_reason);
  RETURN affiliate_private.payout_batch_json(v_batch);
END
$$;
COMMENT ON FUNCTION affiliate.cancel_payout_batch(bigint, bigint, text) IS 'Cancels every payout of a batch that is still reserved. Repeating it changes nothing. RF404 unknown batch.';
