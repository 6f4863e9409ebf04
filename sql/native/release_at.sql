-- The stable name of the native kernel; one SELECT and not STRICT, so that the planner puts the native call in its place.
CREATE OR REPLACE FUNCTION affiliate_kernel.release_at(
    p_occurred_at timestamp with time zone,
    p_hold_days integer
) RETURNS timestamp with time zone
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT affiliate_native.release_at(release_at.p_occurred_at, release_at.p_hold_days)
$$;

COMMENT ON FUNCTION affiliate_kernel.release_at(timestamp with time zone, integer) IS
    'The end of a hold: so many times 24 hours after an instant, the same in every time zone; infinity stays infinity. '
    'NULL if an argument is NULL. Raises 22008 outside the range of timestamptz.';
