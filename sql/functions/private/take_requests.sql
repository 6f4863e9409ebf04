CREATE OR REPLACE FUNCTION affiliate_private.take_requests(p_project_id bigint, p_key_id bigint, p_limit integer, p_take integer,
  OUT granted integer, OUT remaining integer, OUT reset_at timestamptz, OUT reset_in_ms integer)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_row    affiliate_private.request_count;
  v_now    timestamptz;
  v_window timestamptz;
BEGIN
  -- The lock lasts until the request ends, so that every later one sees whether this one was counted or rolled back.
  SELECT c.* INTO v_row FROM affiliate_private.request_count AS c
  WHERE c.project_id = take_requests.p_project_id AND c.key_id = take_requests.p_key_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    INSERT INTO affiliate_private.request_count AS c (project_id, key_id, window_at, used)
    VALUES (take_requests.p_project_id, take_requests.p_key_id, '-infinity', 0) ON CONFLICT ON CONSTRAINT request_count_pkey DO NOTHING;
    SELECT c.* INTO STRICT v_row FROM affiliate_private.request_count AS c
    WHERE c.project_id = take_requests.p_project_id AND c.key_id = take_requests.p_key_id FOR NO KEY UPDATE;
  END IF;

  -- Read after the wait for the lock. A clock set back a little must not open the last window again.
  v_now := clock_timestamp();
  v_window := date_bin('1 minute', v_now, 'epoch');
  IF v_row.window_at BETWEEN v_window AND v_window + interval '1 minute' THEN
    v_window := v_row.window_at;
  ELSE
    v_row.used := 0;
  END IF;
  reset_at := v_window + interval '1 minute';
  reset_in_ms := ceil(extract(epoch FROM reset_at - v_now) * 1000);

  granted := least(take_requests.p_take, take_requests.p_limit - v_row.used);
  IF granted < 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF429', MESSAGE = format('Rate limit exceeded: at most %s requests a minute', take_requests.p_limit),
      DETAIL = json_build_object('limit', take_requests.p_limit, 'reset_at', extract(epoch FROM reset_at)::bigint, 'reset_in_ms', reset_in_ms);
  END IF;
  remaining := take_requests.p_limit - v_row.used - granted;
  UPDATE affiliate_private.request_count AS c SET window_at = v_window, used = v_row.used + granted
  WHERE c.project_id = take_requests.p_project_id AND c.key_id = take_requests.p_key_id;
END
$$;
COMMENT ON FUNCTION affiliate_private.take_requests(bigint, bigint, integer, integer) IS 'Takes up to p_take of the requests a key has left in this minute, exact however many take at once; RF429 when none is left, with limit, reset_at (Unix seconds) and reset_in_ms as JSON in the detail.';
