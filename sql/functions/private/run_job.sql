-- Housekeeping. Every balance is right without it: reads get shorter, and details that nobody needs any more go. Only
-- promotions to a level wait for it.

CREATE OR REPLACE FUNCTION affiliate_private.job_names() RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY['fold_balances', 'fold_counts', 'prune_event_bodies', 'prune_webhooks', 'prune_visits', 'prune_rate_windows', 'promote_affiliates']
$$;
COMMENT ON FUNCTION affiliate_private.job_names() IS 'The jobs, in the order they run.';

CREATE OR REPLACE FUNCTION affiliate_private.run_job(p_name text, p_batch integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_done bigint;
BEGIN
  CASE run_job.p_name
    WHEN 'fold_balances' THEN v_done := affiliate_private.fold_balances(run_job.p_batch);
    WHEN 'fold_counts' THEN v_done := affiliate_private.fold_counts();
    WHEN 'prune_event_bodies' THEN
      SELECT coalesce(sum(affiliate_private.prune_event_bodies(affiliate_private.data_policy_of(p.project_id), run_job.p_batch)), 0) INTO v_done
      FROM affiliate_private.project AS p;
    WHEN 'prune_webhooks' THEN
      SELECT coalesce(sum(affiliate_private.prune_webhooks(affiliate_private.data_policy_of(p.project_id), run_job.p_batch)), 0) INTO v_done
      FROM affiliate_private.project AS p;
    WHEN 'prune_visits' THEN
      SELECT coalesce(sum(affiliate_private.prune_visits(affiliate_private.data_policy_of(p.project_id), run_job.p_batch)), 0) INTO v_done
      FROM affiliate_private.project AS p;
    WHEN 'prune_rate_windows' THEN
      -- A key that has not been used for a day starts afresh anyway.
      DELETE FROM affiliate_private.request_count AS r WHERE r.window_at < statement_timestamp() - interval '1 day';
      GET DIAGNOSTICS v_done = ROW_COUNT;
    -- The last, since it keeps a project's sales waiting until all is committed.
    WHEN 'promote_affiliates' THEN v_done := affiliate.promote_affiliates();
  END CASE;
  INSERT INTO affiliate_private.job_run AS j (job_name, ran_at, done) VALUES (run_job.p_name, clock_timestamp(), v_done)
  ON CONFLICT ON CONSTRAINT job_run_pkey DO UPDATE SET ran_at = excluded.ran_at, done = excluded.done;
  RETURN v_done;
END
$$;
COMMENT ON FUNCTION affiliate_private.run_job(text, integer) IS 'Runs one job, over at most about p_batch rows per project, and gives how many it dealt with.';

CREATE OR REPLACE FUNCTION affiliate_private.fold_balances(p_batch integer) RETURNS bigint
LANGUAGE sql VOLATILE AS $$
  SELECT count(affiliate_private.fold_balance(f.project_id, f.affiliate_id)::text)
  FROM (
    SELECT d.project_id, d.affiliate_id FROM affiliate_private.balance_delta AS d
    UNION
    SELECT b.project_id, b.affiliate_id FROM affiliate_private.balance AS b
    WHERE EXISTS (SELECT FROM affiliate_private.balance_hold AS h
                  WHERE h.project_id = b.project_id AND h.affiliate_id = b.affiliate_id AND h.release_at <= statement_timestamp())
    LIMIT fold_balances.p_batch) AS f
$$;
COMMENT ON FUNCTION affiliate_private.fold_balances(integer) IS 'Folds the balances of affiliates with deltas, or with holds that have been released.';

CREATE OR REPLACE FUNCTION affiliate_private.fold_counts() RETURNS bigint
LANGUAGE sql VOLATILE AS $$
  SELECT count(affiliate_private.fold_conversion_count(f.project_id)::text)
  FROM (SELECT DISTINCT d.project_id FROM affiliate_private.conversion_count_delta AS d) AS f
$$;
COMMENT ON FUNCTION affiliate_private.fold_counts() IS 'Folds the conversion counts of projects with deltas.';

CREATE OR REPLACE FUNCTION affiliate_private.first_older(p_ids bigint[], p_times timestamptz[], p_days integer) RETURNS bigint[]
LANGUAGE sql STABLE AS $$
  SELECT ARRAY(
    SELECT o.id FROM (
      -- Near enough is not quite: a bookmark must not pass one that is younger than a later one.
      SELECT n.id, bool_and(n.at < statement_timestamp() - make_interval(days => first_older.p_days)) OVER (ORDER BY n.id) AS due
      FROM unnest(first_older.p_ids, first_older.p_times) AS n (id, at)) AS o
    WHERE o.due ORDER BY o.id)
$$;
COMMENT ON FUNCTION affiliate_private.first_older(bigint[], timestamptz[], integer) IS 'Of these ids the first ones that are all older than so many days; none where days are NULL.';

CREATE OR REPLACE FUNCTION affiliate_private.prune_event_bodies(p_policy affiliate_private.data_policy, p_batch integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_ids bigint[];
BEGIN
  -- Ids are given in the order of arrival, near enough, so that a bookmark replaces an index.
  v_ids := (
    SELECT affiliate_private.first_older(array_agg(n.id ORDER BY n.id), array_agg(n.received_at ORDER BY n.id), (prune_event_bodies.p_policy).event_body_days)
    FROM (SELECT e.provider_event_id AS id, e.received_at FROM affiliate_private.provider_event AS e
          WHERE e.project_id = (prune_event_bodies.p_policy).project_id AND e.provider_event_id > (prune_event_bodies.p_policy).pruned_event_id
          ORDER BY e.provider_event_id LIMIT prune_event_bodies.p_batch) AS n);
  UPDATE affiliate_private.provider_event AS e SET body = '', body_removed = 'pruned'
  WHERE e.project_id = (prune_event_bodies.p_policy).project_id AND e.provider_event_id = ANY (v_ids) AND e.body_removed IS NULL;
  UPDATE affiliate_private.data_policy AS d SET pruned_event_id = v_ids[cardinality(v_ids)]
  WHERE d.project_id = (prune_event_bodies.p_policy).project_id AND cardinality(v_ids) > 0;
  RETURN cardinality(v_ids);
END
$$;
COMMENT ON FUNCTION affiliate_private.prune_event_bodies(affiliate_private.data_policy, integer) IS 'Empties the raw bodies of events older than the project keeps them.';

CREATE OR REPLACE FUNCTION affiliate_private.prune_webhooks(p_policy affiliate_private.data_policy, p_batch integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_ids bigint[];
BEGIN
  v_ids := (
    SELECT affiliate_private.first_older(array_agg(n.id ORDER BY n.id), array_agg(n.created_at ORDER BY n.id), (prune_webhooks.p_policy).webhook_days)
    FROM (SELECT e.event_id AS id, e.created_at FROM affiliate_private.webhook_event AS e
          WHERE e.project_id = (prune_webhooks.p_policy).project_id AND e.event_id > (prune_webhooks.p_policy).pruned_webhook_event_id
          ORDER BY e.event_id LIMIT prune_webhooks.p_batch) AS n);
  PERFORM affiliate_private.empty_webhooks((prune_webhooks.p_policy).project_id, v_ids);
  UPDATE affiliate_private.data_policy AS d SET pruned_webhook_event_id = v_ids[cardinality(v_ids)]
  WHERE d.project_id = (prune_webhooks.p_policy).project_id AND cardinality(v_ids) > 0;
  RETURN cardinality(v_ids);
END
$$;
COMMENT ON FUNCTION affiliate_private.prune_webhooks(affiliate_private.data_policy, integer) IS 'Empties webhook events older than the project keeps them.';

CREATE OR REPLACE FUNCTION affiliate_private.empty_webhooks(p_project_id bigint, p_event_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- One that never left, its endpoint being disabled, never will.
  UPDATE affiliate_private.webhook_delivery AS d SET status = 'dead', settled_at = clock_timestamp(), next_attempt_at = NULL
  WHERE d.project_id = empty_webhooks.p_project_id AND d.event_id = ANY (empty_webhooks.p_event_ids) AND d.status = 'pending';
  DELETE FROM affiliate_private.webhook_attempt AS a USING affiliate_private.webhook_delivery AS d
  WHERE d.project_id = empty_webhooks.p_project_id AND d.event_id = ANY (empty_webhooks.p_event_ids)
    AND a.project_id = d.project_id AND a.delivery_id = d.delivery_id;
  UPDATE affiliate_private.webhook_event AS e SET body = ''
  WHERE e.project_id = empty_webhooks.p_project_id AND e.event_id = ANY (empty_webhooks.p_event_ids) AND e.body <> '';
END
$$;
COMMENT ON FUNCTION affiliate_private.empty_webhooks(bigint, bigint[]) IS 'Forgets what webhook events said and what became of each attempt; deliveries that were still to be made are given up.';

CREATE OR REPLACE FUNCTION affiliate_private.prune_visits(p_policy affiliate_private.data_policy, p_batch integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_done bigint;
BEGIN
  WITH gone AS (
    DELETE FROM affiliate_private.visit AS v
    WHERE v.project_id = (prune_visits.p_policy).project_id AND v.visit_id IN (
      SELECT o.visit_id FROM (SELECT f.visit_id, f.visited_at FROM affiliate_private.visit AS f
                              WHERE f.project_id = (prune_visits.p_policy).project_id ORDER BY f.visit_id LIMIT prune_visits.p_batch) AS o
      WHERE o.visited_at < statement_timestamp() - make_interval(days => (prune_visits.p_policy).visit_days))
    RETURNING v.affiliate_id, v.visited_at, v.kind, v.ignored_reason
  ), kept AS (
    INSERT INTO affiliate_private.visit_day AS k (project_id, affiliate_id, day, clicks)
    SELECT (prune_visits.p_policy).project_id, g.affiliate_id, (g.visited_at AT TIME ZONE 'UTC')::date, count(*)
    FROM gone AS g WHERE g.kind = 'click' AND g.ignored_reason IS NULL
    GROUP BY g.affiliate_id, (g.visited_at AT TIME ZONE 'UTC')::date
    ON CONFLICT ON CONSTRAINT visit_day_pkey DO UPDATE SET clicks = k.clicks + excluded.clicks
  )
  SELECT count(*) INTO v_done FROM gone;
  RETURN v_done;
END
$$;
COMMENT ON FUNCTION affiliate_private.prune_visits(affiliate_private.data_policy, integer) IS 'Turns visits older than the project keeps them into counts by day.';
