-- The stable name of the native kernel; one SELECT and not STRICT, so that the planner puts the native call in its place.
CREATE OR REPLACE FUNCTION affiliate_kernel.refund_share(
    p_commission_minor bigint,
    p_refunded_minor bigint,
    p_basis_minor bigint
) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT affiliate_native.refund_share(
        refund_share.p_commission_minor,
        refund_share.p_refunded_minor,
        refund_share.p_basis_minor
    )
$$;

COMMENT ON FUNCTION affiliate_kernel.refund_share(bigint, bigint, bigint) IS
    'Minor units of a commission that a cumulative refund takes back: commission x refunded / basis, rounded half away '
    'from zero; nothing when nothing is refunded, all of it when the whole basis is. The basis and the refund are minor '
    'units of the same currency. NULL if an argument is NULL. Raises nothing.';
