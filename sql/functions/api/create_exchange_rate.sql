CREATE OR REPLACE FUNCTION affiliate_api.create_exchange_rate(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_args jsonb       := create_exchange_rate.p_args;
  v_at   timestamptz := coalesce(affiliate_private.check_time('effective_at', v_args ->> 'effective_at'), clock_timestamp());
  v_rate json        := affiliate.set_exchange_rate(create_exchange_rate.p_project_id, v_args ->> 'currency', v_args ->> 'rate', v_at);
BEGIN
  RETURN affiliate_private.data_json(affiliate_private.exchange_rate_json(v_rate ->> 'currency', (v_rate ->> 'rate')::numeric, v_at));
END
$$;
COMMENT ON FUNCTION affiliate_api.create_exchange_rate(bigint, jsonb) IS 'POST /api/v1/exchange-rates';

SELECT affiliate_private.declare_endpoint('create_exchange_rate', $json${
  "method": "POST", "path": "/api/v1/exchange-rates", "status": 201, "scope": "write", "response": "ExchangeRate",
  "summary": "Set an exchange rate",
  "description": "Set the price of one unit of a currency in the project's. Sales at or after effective_at are settled again with it; sales before the first rate use the first.",
  "parameters": {
    "currency":     {"in": "body", "type": "string", "pattern": "^[A-Za-z]{3}$", "accepts": "the three letters of a currency, such as USD", "schema": "Currency", "required": true, "description": "ISO 4217 code of the other currency"},
    "rate":         {"in": "body", "type": "number", "minimum": 0.000000001, "maximum": 1000000, "multipleOf": 0.000000001, "required": true, "description": "Price of one unit of it in the project's currency, with at most nine decimals"},
    "effective_at": {"in": "body", "type": "string", "format": "date-time", "description": "From when on (UTC where no offset is given); now when omitted"}
  }
}$json$);
