-- The currencies that amounts can be in, for the OpenAPI document; affiliate_private.currency_exponent knows them.

WITH currency AS (
  SELECT x.code, affiliate_private.currency_exponent(x.code) AS exponent
  FROM (SELECT chr(65 + a) || chr(65 + b) || chr(65 + c) AS code
        FROM generate_series(0, 25) AS a, generate_series(0, 25) AS b, generate_series(0, 25) AS c) AS x
)
SELECT affiliate_private.declare_schema(y.name, (
  SELECT json_build_object('type', 'string', 'enum', json_agg(c.code ORDER BY c.code), 'description', y.description)
  FROM currency AS c WHERE c.exponent = ANY (y.exponents)))
FROM (VALUES ('Currency', '{0,2,3}'::integer[], 'ISO 4217 code, in upper or lower case'),
             ('WholeCurrency', '{0}', 'A currency without decimals'),
             ('ThousandthCurrency', '{3}', 'A currency with three decimals')) AS y (name, exponents, description);

-- Amounts are at most 9x10^12 of the currency's smallest unit, and whole numbers of it.
SELECT affiliate_private.declare_schema('BaseValue', $json${
  "type": "object", "description": "A base_value has no more decimals than its currency",
  "allOf": [
    {"anyOf": [
      {"properties": {"base_value_currency": {"not": {"$ref": "#/components/schemas/WholeCurrency"}}}},
      {"properties": {"base_value": {"type": ["integer", "null"]}, "amount": {"type": ["integer", "null"]}}}
    ]},
    {"anyOf": [
      {"properties": {"base_value_currency": {"not": {"$ref": "#/components/schemas/ThousandthCurrency"}}}},
      {"properties": {"base_value": {"maximum": 9000000000}, "amount": {"maximum": 9000000000}}}
    ]}
  ]
}$json$);
