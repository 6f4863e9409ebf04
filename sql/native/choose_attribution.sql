-- The stable name of the native kernel; one SELECT and not STRICT, so that the planner puts the native call in its place.
CREATE OR REPLACE FUNCTION affiliate_kernel.choose_attribution(
    p_priority bigint[],
    p_observed_at timestamp with time zone[],
    p_affiliate_id bigint[],
    p_eligible boolean[],
    p_first_touch boolean
) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT affiliate_native.choose_attribution(
        choose_attribution.p_priority,
        choose_attribution.p_observed_at,
        choose_attribution.p_affiliate_id,
        choose_attribution.p_eligible,
        choose_attribution.p_first_touch
    )
$$;

COMMENT ON FUNCTION affiliate_kernel.choose_attribution(
    bigint[], timestamp with time zone[], bigint[], boolean[], boolean
) IS
    'The 1-based index of the candidate that is paid: the smallest priority, within it the latest observation (the '
    'earliest with p_first_touch), then the smallest affiliate id, then the smallest index. Candidates that are not '
    'eligible or have a NULL do not take part. NULL when nobody qualifies, the lengths differ or an argument is NULL. '
    'Raises nothing.';
