-- The stable name of the native kernel; one SELECT and not STRICT, so that the planner puts the native call in its place.
CREATE OR REPLACE FUNCTION affiliate_kernel.line_commission(
    p_base_minor bigint,
    p_rate_ppm bigint,
    p_fixed_minor bigint,
    p_fx_ppb bigint
) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT affiliate_native.line_commission(
        line_commission.p_base_minor,
        line_commission.p_rate_ppm,
        line_commission.p_fixed_minor,
        line_commission.p_fx_ppb
    )
$$;

COMMENT ON FUNCTION affiliate_kernel.line_commission(bigint, bigint, bigint, bigint) IS
    'Commission of one line in minor units of the project currency: base (minor units) x rate (parts per million) x '
    'exchange rate (parts per billion, 1000000000 for the same currency), rounded half away from zero, plus a fixed '
    'amount (minor units). NULL if an argument is NULL. Raises 22003 when the result is not a bigint.';
