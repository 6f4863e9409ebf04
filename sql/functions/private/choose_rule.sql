CREATE OR REPLACE FUNCTION affiliate_private.choose_rule(p_affiliate_rule bigint[], p_product_rule bigint[], p_default_rule bigint[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN choose_rule.p_affiliate_rule IS NOT NULL THEN 1 || choose_rule.p_affiliate_rule
              WHEN choose_rule.p_product_rule IS NOT NULL THEN 2 || choose_rule.p_product_rule
              WHEN choose_rule.p_default_rule IS NOT NULL THEN 3 || choose_rule.p_default_rule END
$$;
COMMENT ON FUNCTION affiliate_private.choose_rule(bigint[], bigint[], bigint[]) IS 'The most specific commission rule that is given, as {source, rate_ppm, fixed_minor}: source 1 is the affiliate''s own, 2 the product''s, 3 the default. A rule is {rate_ppm, fixed_minor (minor units)}. NULL where none is.';
