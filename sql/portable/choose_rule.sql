-- Which commission rule applies. [:] makes subscripts start at 1 whatever bounds the array came with, and yields NULL
-- elements for anything but one dimension.
CREATE OR REPLACE FUNCTION affiliate_kernel.choose_rule(
    p_affiliate_rule bigint[],
    p_product_rule bigint[],
    p_project_rule bigint[]
) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN pg_catalog.cardinality(choose_rule.p_affiliate_rule) = 2
            AND (choose_rule.p_affiliate_rule[:])[1] IS NOT NULL
            AND (choose_rule.p_affiliate_rule[:])[2] IS NOT NULL
        THEN ARRAY[1, (choose_rule.p_affiliate_rule[:])[1], (choose_rule.p_affiliate_rule[:])[2]]
        WHEN pg_catalog.cardinality(choose_rule.p_product_rule) = 2
            AND (choose_rule.p_product_rule[:])[1] IS NOT NULL
            AND (choose_rule.p_product_rule[:])[2] IS NOT NULL
        THEN ARRAY[2, (choose_rule.p_product_rule[:])[1], (choose_rule.p_product_rule[:])[2]]
        WHEN pg_catalog.cardinality(choose_rule.p_project_rule) = 2
            AND (choose_rule.p_project_rule[:])[1] IS NOT NULL
            AND (choose_rule.p_project_rule[:])[2] IS NOT NULL
        THEN ARRAY[3, (choose_rule.p_project_rule[:])[1], (choose_rule.p_project_rule[:])[2]]
    END
$$;

COMMENT ON FUNCTION affiliate_kernel.choose_rule(bigint[], bigint[], bigint[]) IS
    'The most specific commission rule that is defined, as {source, rate_ppm, fixed_minor}: source 1 is the affiliate''s '
    'own, 2 the product''s, 3 the project''s default. A rule is {rate_ppm (parts per million), fixed_minor (minor units)}; '
    'NULL, another length or a NULL element means not defined. NULL when none is defined. Raises nothing.';
