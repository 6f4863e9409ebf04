-- The commission of one line. Amounts within the product's limits, in the project's own currency, take exact bigint
-- arithmetic, which is several times faster than numeric; dividing and then dividing the remainder by half the
-- divisor is rounding half away from zero. Not STRICT and one SELECT, so that the planner can inline it.
CREATE OR REPLACE FUNCTION affiliate_kernel.line_commission(
    p_base_minor bigint,
    p_rate_ppm bigint,
    p_fixed_minor bigint,
    p_fx_ppb bigint
) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN line_commission.p_fx_ppb = 1000000000
            AND line_commission.p_base_minor BETWEEN -9000000000000 AND 9000000000000
            AND line_commission.p_rate_ppm BETWEEN -1000000 AND 1000000
        THEN line_commission.p_base_minor * line_commission.p_rate_ppm / 1000000
            + line_commission.p_base_minor * line_commission.p_rate_ppm % 1000000 / 500000
            + line_commission.p_fixed_minor
        ELSE (
            pg_catalog.round(
                line_commission.p_base_minor::numeric * line_commission.p_rate_ppm * line_commission.p_fx_ppb
                * 0.000000000000001
            ) + line_commission.p_fixed_minor
        )::bigint
    END
$$;

COMMENT ON FUNCTION affiliate_kernel.line_commission(bigint, bigint, bigint, bigint) IS
    'Commission of one line in minor units of the project currency: base (minor units) x rate (parts per million) x '
    'exchange rate (parts per billion, 1000000000 for the same currency), rounded half away from zero, plus a fixed '
    'amount (minor units). NULL if an argument is NULL. Raises 22003 when the result is not a bigint.';
