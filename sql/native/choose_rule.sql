-- The stable name of the native kernel; one SELECT and not STRICT, so that the planner puts the native call in its place.
CREATE OR REPLACE FUNCTION affiliate_kernel.choose_rule(
    p_affiliate_rule bigint[],
    p_product_rule bigint[],
    p_project_rule bigint[]
) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT affiliate_native.choose_rule(
        choose_rule.p_affiliate_rule,
        choose_rule.p_product_rule,
        choose_rule.p_project_rule
    )
$$;

COMMENT ON FUNCTION affiliate_kernel.choose_rule(bigint[], bigint[], bigint[]) IS
    'The most specific commission rule that is defined, as {source, rate_ppm, fixed_minor}: source 1 is the affiliate''s '
    'own, 2 the product''s, 3 the project''s default. A rule is {rate_ppm (parts per million), fixed_minor (minor units)}; '
    'NULL, another length or a NULL element means not defined. NULL when none is defined. Raises nothing.';
