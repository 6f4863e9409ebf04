CREATE OR REPLACE FUNCTION affiliate_private.check_currency_change(p_project affiliate_private.project, p_settings json) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_id   bigint := (check_currency_change.p_project).project_id;
  v_what text;
BEGIN
  v_what := CASE
    WHEN EXISTS (SELECT FROM affiliate_private.conversion AS c WHERE c.project_id = v_id) THEN 'conversions'
    WHEN EXISTS (SELECT FROM affiliate_private.project_setting AS s WHERE s.project_id = v_id AND (s.fixed_minor > 0 OR s.tier_fixed_minor > 0))
      OR EXISTS (SELECT FROM affiliate_private.affiliate_rule AS r WHERE r.project_id = v_id AND r.fixed_minor > 0)
      OR EXISTS (SELECT FROM affiliate_private.product_rule AS r WHERE r.project_id = v_id AND r.fixed_minor > 0)
      OR EXISTS (SELECT FROM affiliate_private.commission_level_version AS l WHERE l.project_id = v_id AND l.fixed_minor > 0) THEN 'fixed commissions'
    WHEN EXISTS (SELECT FROM affiliate_private.commission_level_version AS l WHERE l.project_id = v_id AND l.goal = 'earned') THEN 'levels to be reached by earnings'
    WHEN EXISTS (SELECT FROM affiliate_private.exchange_rate AS x WHERE x.project_id = v_id) THEN 'exchange rates'
    WHEN EXISTS (SELECT FROM affiliate_private.payout_batch AS b WHERE b.project_id = v_id) THEN 'payout batches'
  END;
  IF v_what IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409',
      MESSAGE = format('the currency of a project with %s cannot change: they are amounts in it, now and in its history. Create another project', v_what);
  ELSIF (check_currency_change.p_project).payout_minimum_minor > 0 AND check_currency_change.p_settings ->> 'payout_minimum' IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = 'the payout_minimum is an amount in the project''s currency: send the new one too, or 0';
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.check_currency_change(affiliate_private.project, json) IS 'RF409 saying what keeps a project (as it is) from changing its currency by these settings: amounts that would mean other money.';
