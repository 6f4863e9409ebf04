CREATE OR REPLACE FUNCTION affiliate_api.list_exchange_rates(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_limit    bigint := (list_exchange_rates.p_args ->> 'limit')::bigint;
  v_offset   bigint := (list_exchange_rates.p_args ->> 'offset')::bigint;
  v_currency text   := upper(list_exchange_rates.p_args ->> 'currency');
  v_page     record;
BEGIN
  WITH matching AS (
    SELECT r.* FROM affiliate_private.exchange_rate AS r
    WHERE r.project_id = list_exchange_rates.p_project_id AND (v_currency IS NULL OR r.currency = v_currency)
  ), page AS (
    SELECT m.* FROM matching AS m ORDER BY m.currency, m.effective_at DESC, m.version_id DESC LIMIT v_limit OFFSET v_offset
  )
  SELECT (SELECT count(*) FROM matching) AS total,
         (SELECT json_agg(affiliate_private.exchange_rate_json(p.currency, p.rate_ppb * 0.000000001, p.effective_at)
                          ORDER BY p.currency, p.effective_at DESC, p.version_id DESC) FROM page AS p) AS data
  INTO v_page;
  RETURN affiliate_private.page_json(v_page.data, v_limit, v_offset, v_page.total);
END
$$;
COMMENT ON FUNCTION affiliate_api.list_exchange_rates(bigint, jsonb) IS 'GET /api/v1/exchange-rates';

SELECT affiliate_private.declare_endpoint('list_exchange_rates', $json${
  "method": "GET", "path": "/api/v1/exchange-rates", "status": 200, "scope": "read", "response": "ExchangeRate[]",
  "summary": "List exchange rates",
  "description": "List the rates into the project's currency, by currency, the latest first. A sale uses the rate in force at its time.",
  "parameters": {
    "limit":  {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 50, "description": "Number of rates to return"},
    "offset": {"in": "query", "type": "integer", "minimum": 0, "default": 0, "description": "Number of rates to skip"},
    "currency": {"in": "query", "type": "string", "pattern": "^[A-Za-z]{3}$", "accepts": "the three letters of a currency, such as USD", "description": "Only rates of this ISO 4217 code"}
  }
}$json$);
