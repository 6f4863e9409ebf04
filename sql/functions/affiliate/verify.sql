CREATE OR REPLACE FUNCTION affiliate.verify(p_project_id bigint DEFAULT NULL)
RETURNS TABLE (project_id bigint, check_name text, subject text, expected text, actual text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_project_id bigint;
BEGIN
  IF verify.p_project_id IS NOT NULL THEN
    PERFORM affiliate_private.check_project(verify.p_project_id);
  END IF;
  -- STABLE, so all checks look at one snapshot.
  FOR v_project_id IN
    SELECT p.project_id FROM affiliate_private.project AS p
    WHERE verify.p_project_id IS NULL OR p.project_id = verify.p_project_id ORDER BY p.project_id
  LOOP
    RETURN QUERY SELECT v_project_id, v.* FROM affiliate_private.verify_balances(v_project_id) AS v;
    RETURN QUERY SELECT v_project_id, v.* FROM affiliate_private.verify_holds(v_project_id) AS v;
    RETURN QUERY SELECT v_project_id, v.* FROM affiliate_private.verify_ledger(v_project_id) AS v;
    RETURN QUERY SELECT v_project_id, v.* FROM affiliate_private.verify_conversions(v_project_id) AS v;
    RETURN QUERY SELECT v_project_id, v.* FROM affiliate_private.verify_users(v_project_id) AS v;
    RETURN QUERY SELECT v_project_id, v.* FROM affiliate_private.verify_counts(v_project_id) AS v;
    RETURN QUERY SELECT v_project_id, v.* FROM affiliate_private.verify_payouts(v_project_id) AS v;
    RETURN QUERY SELECT v_project_id, v.* FROM affiliate_private.verify_currencies(v_project_id) AS v;
    RETURN QUERY SELECT v_project_id, v.* FROM affiliate_private.verify_clicks(v_project_id) AS v;
    RETURN QUERY SELECT v_project_id, v.* FROM affiliate_private.verify_provider_calls(v_project_id) AS v;
  END LOOP;
END
$$;
COMMENT ON FUNCTION affiliate.verify(bigint) IS 'Recomputes balances from the ledger, the ledger from the conversions, the conversions from the facts, and the clicks from the visits, compares payouts with the ledger, looks for calls of providers that were given up, writes nothing, and returns every difference. No row: all is as it should be. RF404 unknown project.';
