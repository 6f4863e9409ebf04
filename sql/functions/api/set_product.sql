CREATE OR REPLACE FUNCTION affiliate_api.set_product(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_args jsonb := set_product.p_args;
BEGIN
  PERFORM affiliate_private.check_commission_given(v_args);
  PERFORM affiliate.set_product_commission(set_product.p_project_id, v_args ->> 'provider', v_args ->> 'product_key',
                                           v_args ->> 'commission_percent', v_args ->> 'commission_fixed');
  RETURN affiliate_private.data_json(affiliate_private.product_commission_json(
    affiliate_private.find_product_rule(set_product.p_project_id, v_args ->> 'provider', v_args ->> 'product_key'),
    affiliate_private.project_currency(set_product.p_project_id)));
END
$$;
COMMENT ON FUNCTION affiliate_api.set_product(bigint, jsonb) IS 'PUT /api/v1/products/:provider/:product_key';

SELECT affiliate_private.declare_endpoint('set_product', $json${
  "method": "PUT", "path": "/api/v1/products/:provider/:product_key", "status": 200, "scope": "write", "response": "ProductCommission",
  "summary": "Set the commission of a product",
  "description": "Sales of this product pay this commission from now on, line item by line item, unless the affiliate has one of their own. Give either commission_percent or commission_fixed.",
  "body": {"anyOf": [
    {"required": ["commission_percent"], "properties": {"commission_percent": {"type": "number"}, "commission_fixed": {"type": "null"}}},
    {"required": ["commission_fixed"], "properties": {"commission_fixed": {"type": "number"}, "commission_percent": {"type": "null"}}}
  ]},
  "parameters": {
    "provider":    {"in": "path", "type": "string", "enum": ["stripe", "lemonsqueezy", "paddle", "polar"], "required": true, "description": "Payment provider that sells the product"},
    "product_key": {"in": "path", "type": "string", "pattern": "^[!-~]{1,255}$", "accepts": "1 to 255 printable ASCII characters without spaces", "required": true, "description": "The provider's ID of the product"},
    "commission_percent": {"in": "body", "type": "number", "minimum": 0, "maximum": 100, "multipleOf": 0.0001, "nullable": true, "description": "Commission: percentage of each sale"},
    "commission_fixed":   {"in": "body", "type": "number", "minimum": 0, "maximum": 9000000000, "multipleOf": 0.01, "nullable": true, "description": "Commission: fixed amount per line item in the project's currency, instead of a percentage"}
  }
}$json$);
