CREATE OR REPLACE FUNCTION affiliate_private.conversion_json(p_conversion affiliate_private.conversion, p_currency text) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT c.conversion_id AS id, c.type AS type, c.affiliate_id AS affiliate_id, c.referred_user_id AS referred_user_id,
           affiliate_private.money_number(c.commission_minor - affiliate_private.reversed_minor(conversion_json.p_conversion), conversion_json.p_currency) AS value,
           affiliate_private.money_number(c.base_minor, c.currency) AS base_value, c.currency AS base_value_currency, c.paid AS paid,
           affiliate_private.api_time(c.occurred_at) AS created_at, c.reference AS reference, c.coupon_code_used AS coupon_code_used
    FROM (SELECT (conversion_json.p_conversion).*) AS c) AS x
$$;
COMMENT ON FUNCTION affiliate_private.conversion_json(affiliate_private.conversion, text) IS 'A conversion as the API prints it; value is the commission after refunds, in p_currency (the project''s).';
