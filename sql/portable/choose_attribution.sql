-- Which evidence decides who is paid. Of the two time keys one is NULL in every row, so only the other one orders.
CREATE OR REPLACE FUNCTION affiliate_kernel.choose_attribution(
    p_priority bigint[],
    p_observed_at timestamp with time zone[],
    p_affiliate_id bigint[],
    p_eligible boolean[],
    p_first_touch boolean
) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT candidate.position
    FROM ROWS FROM (
        pg_catalog.unnest(choose_attribution.p_priority),
        pg_catalog.unnest(choose_attribution.p_observed_at),
        pg_catalog.unnest(choose_attribution.p_affiliate_id),
        pg_catalog.unnest(choose_attribution.p_eligible)
    ) WITH ORDINALITY AS candidate (priority, observed_at, affiliate_id, eligible, position)
    WHERE pg_catalog.cardinality(choose_attribution.p_priority)
            = pg_catalog.cardinality(choose_attribution.p_observed_at)
        AND pg_catalog.cardinality(choose_attribution.p_priority)
            = pg_catalog.cardinality(choose_attribution.p_affiliate_id)
        AND pg_catalog.cardinality(choose_attribution.p_priority)
            = pg_catalog.cardinality(choose_attribution.p_eligible)
        AND choose_attribution.p_first_touch IS NOT NULL
        AND candidate.eligible
        AND candidate.priority IS NOT NULL
        AND candidate.observed_at IS NOT NULL
        AND candidate.affiliate_id IS NOT NULL
    ORDER BY
        candidate.priority,
        CASE WHEN choose_attribution.p_first_touch THEN candidate.observed_at END,
        CASE WHEN NOT choose_attribution.p_first_touch THEN candidate.observed_at END DESC,
        candidate.affiliate_id,
        candidate.position
    LIMIT 1
$$;

COMMENT ON FUNCTION affiliate_kernel.choose_attribution(
    bigint[], timestamp with time zone[], bigint[], boolean[], boolean
) IS
    'The 1-based index of the candidate that is paid: the smallest priority, within it the latest observation (the '
    'earliest with p_first_touch), then the smallest affiliate id, then the smallest index. Candidates that are not '
    'eligible or have a NULL do not take part. NULL when nobody qualifies, the lengths differ or an argument is NULL. '
    'Raises nothing.';
