CREATE OR REPLACE FUNCTION affiliate_api.list_products(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_limit    bigint := (list_products.p_args ->> 'limit')::bigint;
  v_offset   bigint := (list_products.p_args ->> 'offset')::bigint;
  v_provider text   := list_products.p_args ->> 'provider';
  v_currency text   := affiliate_private.project_currency(list_products.p_project_id);
  v_page     record;
BEGIN
  WITH matching AS (
    SELECT r AS rule, r.provider, r.product_key FROM affiliate_private.product_rules(list_products.p_project_id, clock_timestamp()) AS r
    WHERE v_provider IS NULL OR r.provider = v_provider
  ), page AS (
    SELECT m.* FROM matching AS m ORDER BY m.provider, m.product_key LIMIT v_limit OFFSET v_offset
  )
  SELECT (SELECT count(*) FROM matching) AS total,
         (SELECT json_agg(affiliate_private.product_commission_json(p.rule, v_currency) ORDER BY p.provider, p.product_key) FROM page AS p) AS data
  INTO v_page;
  RETURN affiliate_private.page_json(v_page.data, v_limit, v_offset, v_page.total);
END
$$;
COMMENT ON FUNCTION affiliate_api.list_products(bigint, jsonb) IS 'GET /api/v1/products';

SELECT affiliate_private.declare_endpoint('list_products', $json${
  "method": "GET", "path": "/api/v1/products", "status": 200, "scope": "read", "response": "ProductCommission[]",
  "summary": "List products",
  "description": "List the products that have a commission of their own, by provider and ID.",
  "parameters": {
    "limit":  {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 50, "description": "Number of products to return"},
    "offset": {"in": "query", "type": "integer", "minimum": 0, "default": 0, "description": "Number of products to skip"},
    "provider": {"in": "query", "type": "string", "enum": ["stripe", "lemonsqueezy", "paddle", "polar"], "description": "Only products at this provider"}
  }
}$json$);
