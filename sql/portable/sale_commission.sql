-- The commission of a sale. The inner SELECT decides whether there is anything to compute, so that the lines of a sale
-- that pays nothing are never computed and cannot overflow. Aggregates and sub-selects keep it from being inlined.
CREATE OR REPLACE FUNCTION affiliate_kernel.sale_commission(
    p_base_minor bigint[],
    p_rate_ppm bigint[],
    p_fixed_minor bigint[],
    p_fx_ppb bigint
) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN sale.base_minor IS NULL THEN NULL
        WHEN sale.base_minor <= 0 THEN 0
        ELSE (
            SELECT GREATEST(0, pg_catalog.sum(affiliate_kernel.line_commission(
                line.base_minor, line.rate_ppm, line.fixed_minor, sale_commission.p_fx_ppb
            ))::bigint)
            FROM ROWS FROM (
                pg_catalog.unnest(sale_commission.p_base_minor),
                pg_catalog.unnest(sale_commission.p_rate_ppm),
                pg_catalog.unnest(sale_commission.p_fixed_minor)
            ) AS line (base_minor, rate_ppm, fixed_minor)
        )
    END
    FROM (
        SELECT CASE
            WHEN pg_catalog.cardinality(sale_commission.p_base_minor)
                    = pg_catalog.cardinality(sale_commission.p_rate_ppm)
                AND pg_catalog.cardinality(sale_commission.p_base_minor)
                    = pg_catalog.cardinality(sale_commission.p_fixed_minor)
                AND sale_commission.p_fx_ppb IS NOT NULL
                AND pg_catalog.count(*) FILTER (
                    WHERE line.base_minor IS NULL OR line.rate_ppm IS NULL OR line.fixed_minor IS NULL
                ) = 0
            THEN COALESCE(pg_catalog.sum(line.base_minor), 0)
        END AS base_minor
        FROM ROWS FROM (
            pg_catalog.unnest(sale_commission.p_base_minor),
            pg_catalog.unnest(sale_commission.p_rate_ppm),
            pg_catalog.unnest(sale_commission.p_fixed_minor)
        ) AS line (base_minor, rate_ppm, fixed_minor)
    ) AS sale
$$;

COMMENT ON FUNCTION affiliate_kernel.sale_commission(bigint[], bigint[], bigint[], bigint) IS
    'Commission of a sale in minor units of the project currency: the sum of line_commission over its lines (bases and '
    'fixed amounts in minor units, rates in parts per million, exchange rate in parts per billion), at least 0; 0 when '
    'the bases add up to zero or less. NULL if an argument or element is NULL or the lengths differ. '
    'Raises 22003 when a line or the sum is not a bigint.';
