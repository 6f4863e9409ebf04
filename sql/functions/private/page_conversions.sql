-- A page of conversion ids, newest first. With a type and a paid state given, an index holds just that list in order; without,
-- the page is merged from the ranges of all types and states, each read no further than the page needs.

CREATE OR REPLACE FUNCTION affiliate_private.page_conversions(p_project_id bigint, p_affiliate_id bigint, p_types text[], p_paids boolean[],
                                                              p_from timestamptz, p_to timestamptz, p_limit bigint, p_offset bigint) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF page_conversions.p_affiliate_id IS NULL THEN
    RETURN ARRAY(
      SELECT r.conversion_id
      FROM unnest(page_conversions.p_types) AS t (type) CROSS JOIN unnest(page_conversions.p_paids) AS s (paid)
      CROSS JOIN LATERAL (
        SELECT c.conversion_id, c.occurred_at FROM affiliate_private.conversion AS c
        WHERE c.project_id = page_conversions.p_project_id AND c.type = t.type AND c.paid = s.paid AND c.deleted_at IS NULL
          AND c.occurred_at >= page_conversions.p_from AND c.occurred_at <= page_conversions.p_to
        ORDER BY c.occurred_at DESC, c.conversion_id DESC LIMIT page_conversions.p_limit + page_conversions.p_offset) AS r
      ORDER BY r.occurred_at DESC, r.conversion_id DESC LIMIT page_conversions.p_limit OFFSET page_conversions.p_offset);
  END IF;
  RETURN ARRAY(
    SELECT r.conversion_id
    FROM unnest(page_conversions.p_types) AS t (type) CROSS JOIN unnest(page_conversions.p_paids) AS s (paid)
    CROSS JOIN LATERAL (
      SELECT c.conversion_id, c.occurred_at FROM affiliate_private.conversion AS c
      WHERE c.project_id = page_conversions.p_project_id AND c.affiliate_id = page_conversions.p_affiliate_id
        AND c.type = t.type AND c.paid = s.paid AND c.deleted_at IS NULL
        AND c.occurred_at >= page_conversions.p_from AND c.occurred_at <= page_conversions.p_to
      ORDER BY c.occurred_at DESC, c.conversion_id DESC LIMIT page_conversions.p_limit + page_conversions.p_offset) AS r
    ORDER BY r.occurred_at DESC, r.conversion_id DESC LIMIT page_conversions.p_limit OFFSET page_conversions.p_offset);
END
$$;
COMMENT ON FUNCTION affiliate_private.page_conversions(bigint, bigint, text[], boolean[], timestamptz, timestamptz, bigint, bigint) IS 'Ids of a page of live conversions of a project or one affiliate, newest first.';

CREATE OR REPLACE FUNCTION affiliate_private.user_conversions(p_project_id bigint, p_referred_user_id bigint, p_affiliate_id bigint, p_types text[], p_paids boolean[],
                                                              p_from timestamptz, p_to timestamptz, p_limit bigint, p_offset bigint,
                                                              OUT ids bigint[], OUT total bigint)
LANGUAGE sql STABLE AS $$
  WITH matching AS (
    SELECT c.conversion_id, c.occurred_at FROM affiliate_private.conversion AS c
    WHERE c.project_id = user_conversions.p_project_id AND c.referred_user_id = user_conversions.p_referred_user_id AND c.deleted_at IS NULL
      AND c.type = ANY (user_conversions.p_types) AND c.paid = ANY (user_conversions.p_paids)
      AND (user_conversions.p_affiliate_id IS NULL OR c.affiliate_id = user_conversions.p_affiliate_id)
      AND c.occurred_at >= user_conversions.p_from AND c.occurred_at <= user_conversions.p_to)
  SELECT ARRAY(SELECT m.conversion_id FROM matching AS m ORDER BY m.occurred_at DESC, m.conversion_id DESC
               LIMIT user_conversions.p_limit OFFSET user_conversions.p_offset),
         (SELECT count(*) FROM matching)
$$;
COMMENT ON FUNCTION affiliate_private.user_conversions(bigint, bigint, bigint, text[], boolean[], timestamptz, timestamptz, bigint, bigint) IS 'Ids of a page of one referred user''s live conversions, newest first, and their total.';
