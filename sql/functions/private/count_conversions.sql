-- Totals of the conversions list: counts by day, folded in batches, and the deltas since.

CREATE OR REPLACE FUNCTION affiliate_private.tg_conversion__count() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  v_project_ids bigint[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    WITH delta AS (
      INSERT INTO affiliate_private.conversion_count_delta AS d (project_id, affiliate_id, day, type, paid, change)
      SELECT n.project_id, n.affiliate_id, (n.occurred_at AT TIME ZONE 'UTC')::date, n.type, n.paid, count(*)
      FROM new_row AS n WHERE n.deleted_at IS NULL
      GROUP BY n.project_id, n.affiliate_id, (n.occurred_at AT TIME ZONE 'UTC')::date, n.type, n.paid
      RETURNING d.project_id, d.delta_id
    )
    SELECT array_agg(DISTINCT delta.project_id) FILTER (WHERE delta.delta_id % 256 = 0) INTO v_project_ids FROM delta;
  ELSE
    WITH delta AS (
      INSERT INTO affiliate_private.conversion_count_delta AS d (project_id, affiliate_id, day, type, paid, change)
      SELECT c.project_id, c.affiliate_id, (c.occurred_at AT TIME ZONE 'UTC')::date, c.type, c.paid, sum(c.change)
      FROM (SELECT o.project_id, o.affiliate_id, o.occurred_at, o.type, o.paid, -1 AS change FROM old_row AS o WHERE o.deleted_at IS NULL
            UNION ALL
            SELECT n.project_id, n.affiliate_id, n.occurred_at, n.type, n.paid, 1 FROM new_row AS n WHERE n.deleted_at IS NULL) AS c
      GROUP BY c.project_id, c.affiliate_id, (c.occurred_at AT TIME ZONE 'UTC')::date, c.type, c.paid
      HAVING sum(c.change) <> 0
      RETURNING d.project_id, d.delta_id
    )
    SELECT array_agg(DISTINCT delta.project_id) FILTER (WHERE delta.delta_id % 256 = 0) INTO v_project_ids FROM delta;
  END IF;
  -- About every 256th delta folds what has gathered.
  IF v_project_ids IS NOT NULL THEN
    PERFORM affiliate_private.fold_conversion_count(p.project_id) FROM unnest(v_project_ids) AS p (project_id);
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affiliate_private.tg_conversion__count() IS 'Keeps the counts that the totals of lists are read from.';

CREATE OR REPLACE FUNCTION affiliate_private.fold_conversion_count(p_project_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- Once a transaction: what it has folded is only gone, and no longer in the way of the next fold, when it has ended.
  IF current_setting('affiliate.count_folded', true) = fold_conversion_count.p_project_id::text THEN
    RETURN;
  END IF;
  -- One folder at a time; whoever comes second has nothing to wait for.
  IF NOT pg_try_advisory_xact_lock(hashtextextended(format('pg_affiliate:%s:fold_count', fold_conversion_count.p_project_id), 0)) THEN
    RETURN;
  END IF;
  PERFORM set_config('affiliate.count_folded', fold_conversion_count.p_project_id::text, true);
  WITH folded AS (
    DELETE FROM affiliate_private.conversion_count_delta AS d
    WHERE d.project_id = fold_conversion_count.p_project_id
    RETURNING d.affiliate_id, d.day, d.type, d.paid, d.change
  )
  INSERT INTO affiliate_private.conversion_count AS c (project_id, affiliate_id, day, type, paid, live_count)
  SELECT fold_conversion_count.p_project_id, a.affiliate_id, b.day, f.type, f.paid, sum(f.change)
  FROM folded AS f
  CROSS JOIN LATERAL (VALUES (0::bigint), (f.affiliate_id)) AS a (affiliate_id)
  CROSS JOIN LATERAL (VALUES (date '-infinity'), (f.day)) AS b (day)
  WHERE a.affiliate_id IS NOT NULL
  GROUP BY a.affiliate_id, b.day, f.type, f.paid
  ON CONFLICT ON CONSTRAINT conversion_count_pkey DO UPDATE SET live_count = c.live_count + excluded.live_count;
END
$$;
COMMENT ON FUNCTION affiliate_private.fold_conversion_count(bigint) IS 'Folds the conversion count deltas of a project; a no-op while somebody else does, and after the first time in a transaction. Counts are right without it, reads only get shorter.';

CREATE OR REPLACE FUNCTION affiliate_private.count_conversions(p_project_id bigint, p_affiliate_id bigint, p_types text[], p_paids boolean[],
                                                               p_from timestamptz, p_to timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_bounded  boolean := isfinite(count_conversions.p_from) OR isfinite(count_conversions.p_to);
  -- Whole UTC days, v_first up to but not v_end, are counted from the counts; what sticks out at either end from the conversions
  -- themselves. The counts of all days together stand at minus infinity, before the first date there is.
  v_first    date := '-infinity';
  v_end      date := '4714-11-24 BC';
  v_total    bigint;
BEGIN
  IF v_bounded THEN
    v_first := (date_trunc('day', count_conversions.p_from AT TIME ZONE 'UTC' + interval '1 day' - interval '1 microsecond'))::date;
    v_end   := greatest((count_conversions.p_to AT TIME ZONE 'UTC')::date, v_first);
    IF v_first = v_end THEN
      RETURN affiliate_private.count_conversions_between(count_conversions.p_project_id, count_conversions.p_affiliate_id, count_conversions.p_types,
                                                         count_conversions.p_paids, count_conversions.p_from, count_conversions.p_to, true);
    END IF;
  END IF;
  SELECT coalesce(sum(n.live_count), 0) INTO v_total FROM (
    SELECT f.live_count FROM affiliate_private.conversion_count AS f
    WHERE f.project_id = count_conversions.p_project_id AND f.affiliate_id = coalesce(count_conversions.p_affiliate_id, 0)
      AND f.type = ANY (count_conversions.p_types) AND f.paid = ANY (count_conversions.p_paids)
      AND f.day >= v_first AND f.day < v_end AND (f.day <> '-infinity') = v_bounded
    UNION ALL
    SELECT d.change FROM affiliate_private.conversion_count_delta AS d
    WHERE d.project_id = count_conversions.p_project_id
      AND (count_conversions.p_affiliate_id IS NULL OR d.affiliate_id = count_conversions.p_affiliate_id)
      AND d.type = ANY (count_conversions.p_types) AND d.paid = ANY (count_conversions.p_paids)
      AND (NOT v_bounded OR d.day >= v_first AND d.day < v_end)) AS n;
  IF isfinite(count_conversions.p_from) THEN
    v_total := v_total + affiliate_private.count_conversions_between(count_conversions.p_project_id, count_conversions.p_affiliate_id, count_conversions.p_types,
      count_conversions.p_paids, count_conversions.p_from, v_first::timestamp AT TIME ZONE 'UTC', false);
  END IF;
  IF isfinite(count_conversions.p_to) THEN
    v_total := v_total + affiliate_private.count_conversions_between(count_conversions.p_project_id, count_conversions.p_affiliate_id, count_conversions.p_types,
      count_conversions.p_paids, v_end::timestamp AT TIME ZONE 'UTC', count_conversions.p_to, true);
  END IF;
  RETURN v_total;
END
$$;
COMMENT ON FUNCTION affiliate_private.count_conversions(bigint, bigint, text[], boolean[], timestamptz, timestamptz) IS 'Live conversions of a project (or one affiliate) of these types and paid states with p_from <= occurred_at <= p_to (infinite for no bound).';

CREATE OR REPLACE FUNCTION affiliate_private.count_conversions_between(p_project_id bigint, p_affiliate_id bigint, p_types text[], p_paids boolean[],
                                                                       p_from timestamptz, p_to timestamptz, p_inclusive boolean) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_to timestamptz := CASE WHEN count_conversions_between.p_inclusive AND isfinite(count_conversions_between.p_to)
                           THEN count_conversions_between.p_to + interval '1 microsecond' ELSE count_conversions_between.p_to END;
BEGIN
  IF count_conversions_between.p_affiliate_id IS NULL THEN
    RETURN (SELECT count(*) FROM affiliate_private.conversion AS c
            WHERE c.project_id = count_conversions_between.p_project_id AND c.deleted_at IS NULL
              AND c.type = ANY (count_conversions_between.p_types) AND c.paid = ANY (count_conversions_between.p_paids)
              AND c.occurred_at >= count_conversions_between.p_from AND c.occurred_at < v_to);
  END IF;
  RETURN (SELECT count(*) FROM affiliate_private.conversion AS c
          WHERE c.project_id = count_conversions_between.p_project_id AND c.deleted_at IS NULL AND c.affiliate_id = count_conversions_between.p_affiliate_id
            AND c.type = ANY (count_conversions_between.p_types) AND c.paid = ANY (count_conversions_between.p_paids)
            AND c.occurred_at >= count_conversions_between.p_from AND c.occurred_at < v_to);
END
$$;
COMMENT ON FUNCTION affiliate_private.count_conversions_between(bigint, bigint, text[], boolean[], timestamptz, timestamptz, boolean) IS 'The same, counted one by one along an index: for less than a day''s worth.';
