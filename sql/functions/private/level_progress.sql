CREATE OR REPLACE FUNCTION affiliate_private.note_level_candidates(p_project_id bigint, p_affiliate_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- Most projects have no levels. Where there are, one note per affiliate is enough until somebody looks.
  IF EXISTS (SELECT FROM affiliate_private.commission_level AS l WHERE l.project_id = note_level_candidates.p_project_id AND l.deleted_at IS NULL) THEN
    INSERT INTO affiliate_private.level_candidate (project_id, affiliate_id)
    SELECT note_level_candidates.p_project_id, n.affiliate_id FROM unnest(note_level_candidates.p_affiliate_ids) AS n (affiliate_id)
    WHERE n.affiliate_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM affiliate_private.level_candidate AS k
                      WHERE k.project_id = note_level_candidates.p_project_id AND k.affiliate_id = n.affiliate_id);
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.note_level_candidates(bigint, bigint[]) IS 'Notes affiliates whose figures have changed, for promote_affiliates to look at. Promotions change what settling reads, so they are made in a transaction of their own.';

CREATE OR REPLACE FUNCTION affiliate_private.period_start(p_period text, p_at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN period_start.p_period = 'total' THEN timestamptz '-infinity'
              ELSE date_trunc(period_start.p_period, period_start.p_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' END
$$;
COMMENT ON FUNCTION affiliate_private.period_start(text, timestamptz) IS 'When the calendar month, quarter or year (UTC) of a moment began; -infinity for total.';

CREATE OR REPLACE FUNCTION affiliate_private.level_progress(p_project_id bigint, p_affiliate_id bigint, p_goal text, p_period text, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_since timestamptz := affiliate_private.period_start(level_progress.p_period, level_progress.p_at);
BEGIN
  IF level_progress.p_goal = 'referrals' THEN
    RETURN (SELECT count(*) FROM affiliate_private.referred_user AS r
            WHERE r.project_id = level_progress.p_project_id AND r.affiliate_id = level_progress.p_affiliate_id AND r.deleted_at IS NULL
              AND r.conversion_status = 'converted' AND r.conversion_date >= v_since);
  ELSIF level_progress.p_period = 'total' THEN
    RETURN (SELECT b.total_minor FROM affiliate_private.affiliate_balance AS b
            WHERE b.project_id = level_progress.p_project_id AND b.affiliate_id = level_progress.p_affiliate_id);
  END IF;
  RETURN (SELECT coalesce(sum(e.minor), 0) FROM (
    SELECT c.commission_minor - affiliate_private.reversed_minor(c) AS minor FROM affiliate_private.conversion AS c
    WHERE c.project_id = level_progress.p_project_id AND c.affiliate_id = level_progress.p_affiliate_id AND c.deleted_at IS NULL
      AND c.type = ANY ('{signup,purchase}') AND c.paid = ANY ('{false,true}') AND c.occurred_at >= v_since
    UNION ALL
    SELECT c.tier_minor - affiliate_private.reversed_part(c, c.tier_minor) FROM affiliate_private.conversion AS c
    WHERE c.project_id = level_progress.p_project_id AND c.parent_affiliate_id = level_progress.p_affiliate_id AND c.deleted_at IS NULL
      AND c.occurred_at >= v_since) AS e);
END
$$;
COMMENT ON FUNCTION affiliate_private.level_progress(bigint, bigint, text, text, timestamptz) IS 'How far an affiliate is towards a goal: earned after refunds, its part of others'' sales included, in minor units of the project''s currency; or referred users who became customers. Sales count in the period they were made in.';

CREATE OR REPLACE FUNCTION affiliate_private.reached_level(p_project_id bigint, p_affiliate_id bigint, p_at timestamptz) RETURNS affiliate_private.commission_level
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.commission_level;
BEGIN
  SELECT l.* INTO v_row
  FROM affiliate_private.commission_level AS l
  CROSS JOIN LATERAL affiliate_private.level_version_at(l.project_id, l.level_id, reached_level.p_at) AS v
  WHERE l.project_id = reached_level.p_project_id AND l.deleted_at IS NULL AND v.goal IS NOT NULL
    AND affiliate_private.level_progress(l.project_id, reached_level.p_affiliate_id, v.goal, v.goal_period, reached_level.p_at) >= v.goal_minimum
  ORDER BY l.position DESC LIMIT 1;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.reached_level(bigint, bigint, timestamptz) IS 'The highest level whose goal an affiliate meets now, all NULL for none.';
