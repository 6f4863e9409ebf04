CREATE OR REPLACE FUNCTION affiliate_private.promote_affiliate(p_project_id bigint, p_affiliate_id bigint, p_at timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_now     affiliate_private.affiliate_level := affiliate_private.affiliate_level_at(promote_affiliate.p_project_id, promote_affiliate.p_affiliate_id, 'infinity');
  v_reached affiliate_private.commission_level;
BEGIN
  IF v_now.by_hand OR NOT EXISTS (SELECT FROM affiliate_private.affiliate AS a
                                  WHERE a.project_id = promote_affiliate.p_project_id AND a.affiliate_id = promote_affiliate.p_affiliate_id AND a.deleted_at IS NULL) THEN
    RETURN false;
  END IF;
  v_reached := affiliate_private.reached_level(promote_affiliate.p_project_id, promote_affiliate.p_affiliate_id, promote_affiliate.p_at);
  -- Upwards only.
  IF v_reached.level_id IS NULL OR v_reached.position <= (
       SELECT l.position FROM affiliate_private.commission_level AS l WHERE l.project_id = v_now.project_id AND l.level_id = v_now.level_id) THEN
    RETURN false;
  END IF;
  INSERT INTO affiliate_private.affiliate_level (project_id, affiliate_id, effective_at, level_id, by_hand)
  VALUES (promote_affiliate.p_project_id, promote_affiliate.p_affiliate_id, promote_affiliate.p_at, v_reached.level_id, false);
  RETURN true;
END
$$;
COMMENT ON FUNCTION affiliate_private.promote_affiliate(bigint, bigint, timestamptz) IS 'Gives an affiliate the highest level it has reached, if that is above its own. The caller holds lock_inputs exclusively.';

CREATE OR REPLACE FUNCTION affiliate.promote_affiliates(p_project_id bigint DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_project_id bigint;
  v_affiliates bigint[];
  v_at         timestamptz;
  v_promoted   integer;
  v_total      integer := 0;
BEGIN
  FOR v_project_id IN
    SELECT DISTINCT k.project_id FROM affiliate_private.level_candidate AS k
    WHERE promote_affiliates.p_project_id IS NULL OR k.project_id = promote_affiliates.p_project_id ORDER BY k.project_id
  LOOP
    PERFORM affiliate_private.lock_inputs(v_project_id, true);
    WITH looked_at AS (
      DELETE FROM affiliate_private.level_candidate AS k WHERE k.project_id = v_project_id RETURNING k.affiliate_id)
    SELECT array_agg(DISTINCT looked_at.affiliate_id) INTO v_affiliates FROM looked_at;
    v_at := clock_timestamp();
    SELECT count(*) FILTER (WHERE affiliate_private.promote_affiliate(v_project_id, n.affiliate_id, v_at)) INTO v_promoted FROM unnest(v_affiliates) AS n (affiliate_id);
    IF v_promoted > 0 THEN
      PERFORM affiliate_private.resettle_since(v_project_id, v_at);
      v_total := v_total + v_promoted;
    END IF;
  END LOOP;
  RETURN v_total;
END
$$;
COMMENT ON FUNCTION affiliate.promote_affiliates(bigint) IS 'Raises affiliates, of one project or all, to the levels they have reached since it last looked, and says how many. It is one of the jobs, which run every minute; a promotion counts for sales from then on.';
