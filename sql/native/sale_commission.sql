-- The stable name of the native kernel; one SELECT and not STRICT, so that the planner puts the native call in its place.
CREATE OR REPLACE FUNCTION affiliate_kernel.sale_commission(
    p_base_minor bigint[],
    p_rate_ppm bigint[],
    p_fixed_minor bigint[],
    p_fx_ppb bigint
) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT affiliate_native.sale_commission(
        sale_commission.p_base_minor,
        sale_commission.p_rate_ppm,
        sale_commission.p_fixed_minor,
        sale_commission.p_fx_ppb
    )
$$;

COMMENT ON FUNCTION affiliate_kernel.sale_commission(bigint[], bigint[], bigint[], bigint) IS
    'Commission of a sale in minor units of the project currency: the sum of line_commission over its lines (bases and '
    'fixed amounts in minor units, rates in parts per million, exchange rate in parts per billion), at least 0; 0 when '
    'the bases add up to zero or less. NULL if an argument or element is NULL or the lengths differ. '
    'Raises 22003 when a line or the sum is not a bigint.';
