CREATE OR REPLACE FUNCTION affiliate.set_exchange_rate(p_project_id bigint, p_currency text, p_rate text, p_effective_at timestamptz DEFAULT NULL) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_currency text := affiliate_private.check_currency(set_exchange_rate.p_currency);
  v_project  affiliate_private.project;
  v_at       timestamptz;
  v_ppb      numeric;
BEGIN
  PERFORM affiliate_private.lock_inputs(set_exchange_rate.p_project_id, true);
  v_project := affiliate_private.check_project(set_exchange_rate.p_project_id);
  IF v_currency = v_project.currency THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = format('%s is the project''s own currency, which has no rate', v_currency);
  END IF;
  IF length(set_exchange_rate.p_rate) <= 30 AND set_exchange_rate.p_rate ~ '^[0-9]+(\.[0-9]{1,9})?$' THEN
    v_ppb := set_exchange_rate.p_rate::numeric * 1000000000;
  END IF;
  IF v_ppb IS NULL OR v_ppb NOT BETWEEN 1 AND 1000000000000000 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = format('the rate is the price of 1 %s in %s, above 0, with at most nine decimals', v_currency, v_project.currency);
  END IF;
  v_at := coalesce(set_exchange_rate.p_effective_at, clock_timestamp());
  INSERT INTO affiliate_private.exchange_rate (project_id, currency, effective_at, rate_ppb)
  VALUES (v_project.project_id, v_currency, v_at, v_ppb::bigint);
  -- The first one also covers every sale before it.
  PERFORM affiliate_private.resettle_currency(v_project.project_id, v_currency, CASE
    WHEN v_at <= (SELECT min(r.effective_at) FROM affiliate_private.exchange_rate AS r
                  WHERE r.project_id = v_project.project_id AND r.currency = v_currency) THEN '-infinity'
    ELSE v_at END);
  RETURN row_to_json(x) FROM (SELECT v_currency AS currency, set_exchange_rate.p_rate AS rate, affiliate_private.api_time(v_at) AS effective_at) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.set_exchange_rate(bigint, text, text, timestamptz) IS 'The price of one unit of a currency in the project''s, from now or p_effective_at on; sales before the first rate use the first. Replay parked events afterwards with affiliate.replay_event.';
