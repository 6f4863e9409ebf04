-- The stable name of the native aggregate. An aggregate cannot be inlined, so it is built on the native functions
-- directly; its state is bigint[] because only superusers may create one with an internal state. The functions of the
-- portable aggregate are dropped once nothing uses them.
CREATE OR REPLACE AGGREGATE affiliate_kernel.earnings(
    p_amount_minor bigint,
    p_is_payout boolean,
    p_release_at timestamp with time zone,
    p_at timestamp with time zone
) (
    SFUNC = affiliate_native.earnings_step,
    STYPE = bigint[],
    INITCOND = '{0,0,0,0}',
    COMBINEFUNC = affiliate_native.earnings_combine,
    PARALLEL = SAFE
);

DROP FUNCTION IF EXISTS affiliate_kernel.earnings_step(
    bigint[], bigint, boolean, timestamp with time zone, timestamp with time zone
);
DROP FUNCTION IF EXISTS affiliate_kernel.earnings_combine(bigint[], bigint[]);

COMMENT ON AGGREGATE affiliate_kernel.earnings(
    bigint, boolean, timestamp with time zone, timestamp with time zone
) IS
    'Earnings from signed ledger entries as {total, eligible, held, paid} in minor units, total = eligible + held + paid: '
    'commissions and refunds count in total, and are held while release_at is after p_at (always when p_at is NULL, never '
    'when release_at is NULL); payouts count in paid. Entries with a NULL amount or kind are ignored. '
    'Raises 22003 when a running sum is not a bigint.';
