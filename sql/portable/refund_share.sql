-- How much of a commission a refund takes back. Adding half of the divisor with the sign of the commission and then
-- truncating is rounding half away from zero, and exact for any bigint.
CREATE OR REPLACE FUNCTION affiliate_kernel.refund_share(
    p_commission_minor bigint,
    p_refunded_minor bigint,
    p_basis_minor bigint
) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN refund_share.p_commission_minor IS NULL
            OR refund_share.p_refunded_minor IS NULL
            OR refund_share.p_basis_minor IS NULL
        THEN NULL
        WHEN refund_share.p_refunded_minor <= 0 THEN 0
        WHEN refund_share.p_basis_minor <= 0 OR refund_share.p_refunded_minor >= refund_share.p_basis_minor
        THEN refund_share.p_commission_minor
        ELSE pg_catalog.div(
            2 * refund_share.p_commission_minor::numeric * refund_share.p_refunded_minor
                + pg_catalog.sign(refund_share.p_commission_minor::numeric) * refund_share.p_basis_minor,
            2 * refund_share.p_basis_minor::numeric
        )::bigint
    END
$$;

COMMENT ON FUNCTION affiliate_kernel.refund_share(bigint, bigint, bigint) IS
    'Minor units of a commission that a cumulative refund takes back: commission x refunded / basis, rounded half away '
    'from zero; nothing when nothing is refunded, all of it when the whole basis is. The basis and the refund are minor '
    'units of the same currency. NULL if an argument is NULL. Raises nothing.';
