CREATE OR REPLACE FUNCTION affiliate.request_payout(p_project_id bigint, p_email text) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_project   affiliate_private.project := affiliate_private.check_project(request_payout.p_project_id);
  v_affiliate affiliate_private.affiliate := affiliate_private.find_affiliate(request_payout.p_project_id, request_payout.p_email);
  v_payable   bigint := affiliate_private.payable_minor(v_affiliate.project_id, v_affiliate.affiliate_id);
  v_approved  boolean := v_project.payout_approval = 'automatic';
  v_row       affiliate_private.payout_request;
BEGIN
  IF NOT EXISTS (SELECT FROM affiliate_private.payout_preference AS p
                 WHERE p.project_id = v_affiliate.project_id AND p.affiliate_id = v_affiliate.affiliate_id) THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'A payout needs a payout method: set the payout preferences first';
  ELSIF v_payable < greatest(v_project.payout_minimum_minor, 1) THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = format('%s %s can be paid out, and the least is %s',
      affiliate_private.money_text(v_payable, v_project.currency), v_project.currency,
      affiliate_private.money_text(greatest(v_project.payout_minimum_minor, 1), v_project.currency));
  END IF;
  INSERT INTO affiliate_private.payout_request AS q (project_id, affiliate_id, amount_minor, currency, status, decided_at)
  VALUES (v_affiliate.project_id, v_affiliate.affiliate_id, v_payable, v_project.currency,
          CASE WHEN v_approved THEN 'approved' ELSE 'pending' END, CASE WHEN v_approved THEN clock_timestamp() END)
  ON CONFLICT (project_id, affiliate_id) WHERE status IN ('pending', 'approved', 'processing') DO NOTHING
  RETURNING q.* INTO v_row;
  IF v_row.request_id IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'This affiliate has an open payout request already';
  END IF;
  RETURN affiliate_private.payout_request_json(v_row);
END
$$;
COMMENT ON FUNCTION affiliate.request_payout(bigint, text) IS 'An affiliate asks to be paid what is eligible; approved at once where the project approves automatically. RF404 unknown affiliate, RF409 without a payout method, below the minimum or while another request is open.';

CREATE OR REPLACE FUNCTION affiliate.decide_payout_request(p_project_id bigint, p_request_id bigint, p_status text, p_reason text DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row affiliate_private.payout_request;
BEGIN
  PERFORM affiliate_private.check_setting('status', decide_payout_request.p_status, '^(approved|rejected|canceled)$', '"approved", "rejected" or "canceled"');
  PERFORM affiliate_private.check_payout_text('reason', decide_payout_request.p_reason, 1000);
  -- Not while a batch is made of what is approved.
  PERFORM affiliate_private.lock_inputs(decide_payout_request.p_project_id, false);
  SELECT q.* INTO v_row FROM affiliate_private.payout_request AS q
  WHERE q.project_id = decide_payout_request.p_project_id AND q.request_id = decide_payout_request.p_request_id FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Payout request not found';
  ELSIF v_row.status NOT IN ('pending', 'approved', decide_payout_request.p_status) THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = format('Payout request %s is %s and cannot become %s', v_row.request_id, v_row.status, decide_payout_request.p_status);
  ELSIF v_row.status <> decide_payout_request.p_status THEN
    UPDATE affiliate_private.payout_request AS q
    SET status = decide_payout_request.p_status, reason = decide_payout_request.p_reason, decided_at = clock_timestamp()
    WHERE q.project_id = v_row.project_id AND q.request_id = v_row.request_id
    RETURNING q.* INTO v_row;
  END IF;
  RETURN affiliate_private.payout_request_json(v_row);
END
$$;
COMMENT ON FUNCTION affiliate.decide_payout_request(bigint, bigint, text, text) IS 'Approves or rejects a payout request, or cancels it for its affiliate; the next batch takes it up if it is approved. Repeating it changes nothing. RF404 unknown request, RF409 for one that a batch has taken up or that has ended.';
