-- The earnings aggregate. Its state is its result, so it needs no final function, any number of partial states combine,
-- and its argument and result types are those of the native one: CREATE OR REPLACE AGGREGATE goes both ways while
-- views and functions use it.
CREATE OR REPLACE FUNCTION affiliate_kernel.earnings_step(
    p_state bigint[],
    p_amount_minor bigint,
    p_is_payout boolean,
    p_release_at timestamp with time zone,
    p_at timestamp with time zone
) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
    RETURN CASE
        WHEN earnings_step.p_amount_minor IS NULL OR earnings_step.p_is_payout IS NULL
        THEN earnings_step.p_state
        WHEN earnings_step.p_is_payout
        THEN ARRAY[
            earnings_step.p_state[1],
            earnings_step.p_state[2] + earnings_step.p_amount_minor,
            earnings_step.p_state[3],
            earnings_step.p_state[4] - earnings_step.p_amount_minor
        ]
        WHEN earnings_step.p_release_at > earnings_step.p_at
            OR (earnings_step.p_release_at IS NOT NULL AND earnings_step.p_at IS NULL)
        THEN ARRAY[
            earnings_step.p_state[1] + earnings_step.p_amount_minor,
            earnings_step.p_state[2],
            earnings_step.p_state[3] + earnings_step.p_amount_minor,
            earnings_step.p_state[4]
        ]
        ELSE ARRAY[
            earnings_step.p_state[1] + earnings_step.p_amount_minor,
            earnings_step.p_state[2] + earnings_step.p_amount_minor,
            earnings_step.p_state[3],
            earnings_step.p_state[4]
        ]
    END;
END
$$;

CREATE OR REPLACE FUNCTION affiliate_kernel.earnings_combine(
    p_state bigint[],
    p_other bigint[]
) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT ARRAY[
        earnings_combine.p_state[1] + earnings_combine.p_other[1],
        earnings_combine.p_state[2] + earnings_combine.p_other[2],
        earnings_combine.p_state[3] + earnings_combine.p_other[3],
        earnings_combine.p_state[4] + earnings_combine.p_other[4]
    ]
$$;

CREATE OR REPLACE AGGREGATE affiliate_kernel.earnings(
    p_amount_minor bigint,
    p_is_payout boolean,
    p_release_at timestamp with time zone,
    p_at timestamp with time zone
) (
    SFUNC = affiliate_kernel.earnings_step,
    STYPE = bigint[],
    INITCOND = '{0,0,0,0}',
    COMBINEFUNC = affiliate_kernel.earnings_combine,
    PARALLEL = SAFE
);

COMMENT ON FUNCTION affiliate_kernel.earnings_step(
    bigint[], bigint, boolean, timestamp with time zone, timestamp with time zone
) IS
    'State transition of earnings, sums in minor units. Raises 22003 when a sum is not a bigint.';
COMMENT ON FUNCTION affiliate_kernel.earnings_combine(bigint[], bigint[]) IS
    'Combines two partial states of earnings, sums in minor units. Raises 22003 when a sum is not a bigint.';
COMMENT ON AGGREGATE affiliate_kernel.earnings(
    bigint, boolean, timestamp with time zone, timestamp with time zone
) IS
    'Earnings from signed ledger entries as {total, eligible, held, paid} in minor units, total = eligible + held + paid: '
    'commissions and refunds count in total, and are held while release_at is after p_at (always when p_at is NULL, never '
    'when release_at is NULL); payouts count in paid. Entries with a NULL amount or kind are ignored. '
    'Raises 22003 when a running sum is not a bigint.';
