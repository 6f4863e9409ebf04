-- When a commission leaves its hold. Multiples of 24 hours and never days, because adding days to a timestamptz
-- depends on the session's time zone. STABLE only because Postgres says so of timestamptz + interval.
CREATE OR REPLACE FUNCTION affiliate_kernel.release_at(
    p_occurred_at timestamp with time zone,
    p_hold_days integer
) RETURNS timestamp with time zone
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN release_at.p_occurred_at IS NOT NULL
        THEN release_at.p_occurred_at + release_at.p_hold_days * INTERVAL '24 hours'
    END
$$;

COMMENT ON FUNCTION affiliate_kernel.release_at(timestamp with time zone, integer) IS
    'The end of a hold: so many times 24 hours after an instant, the same in every time zone; infinity stays infinity. '
    'NULL if an argument is NULL. Raises 22008 outside the range of timestamptz.';
