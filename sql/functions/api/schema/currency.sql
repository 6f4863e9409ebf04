-- The currencies that amounts can be in, for the OpenAPI document; affiliate_private.currency_exponent knows them.

SELECT affiliate_private.declare_schema('Currency', (
  SELECT json_build_object('type', 'string', 'enum', json_agg(x.code ORDER BY x.code), 'description', 'ISO 4217 code, in upper or lower case')
  FROM (SELECT chr(65 + a) || chr(65 + b) || chr(65 + c) AS code
        FROM generate_series(0, 25) AS a, generate_series(0, 25) AS b, generate_series(0, 25) AS c) AS x
  WHERE affiliate_private.currency_exponent(x.code) IS NOT NULL));
