CREATE OR REPLACE FUNCTION affiliate_api.delete_product(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_rule affiliate_private.product_rule;
BEGIN
  PERFORM affiliate_private.lock_inputs(delete_product.p_project_id, true);
  v_rule := affiliate_private.find_product_rule(delete_product.p_project_id, delete_product.p_args ->> 'provider', delete_product.p_args ->> 'product_key');
  PERFORM affiliate.set_product_commission(v_rule.project_id, v_rule.provider, v_rule.product_key);
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affiliate_api.delete_product(bigint, jsonb) IS 'DELETE /api/v1/products/:provider/:product_key';

SELECT affiliate_private.declare_endpoint('delete_product', $json${
  "method": "DELETE", "path": "/api/v1/products/:provider/:product_key", "status": 204, "scope": "write",
  "summary": "Remove the commission of a product",
  "description": "Sales of this product pay the project's default commission from now on.",
  "parameters": {
    "provider":    {"in": "path", "type": "string", "enum": ["stripe", "lemonsqueezy", "paddle", "polar"], "required": true, "description": "Payment provider that sells the product"},
    "product_key": {"in": "path", "type": "string", "pattern": "^[!-~]{1,255}$", "accepts": "1 to 255 printable ASCII characters without spaces", "required": true, "description": "The provider's ID of the product"}
  }
}$json$);
