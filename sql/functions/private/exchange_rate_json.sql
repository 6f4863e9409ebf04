CREATE OR REPLACE FUNCTION affiliate_private.exchange_rate_json(p_currency text, p_rate numeric, p_effective_at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT exchange_rate_json.p_currency AS currency, trim_scale(exchange_rate_json.p_rate) AS rate,
           affiliate_private.api_time(exchange_rate_json.p_effective_at) AS effective_at) AS x
$$;
COMMENT ON FUNCTION affiliate_private.exchange_rate_json(text, numeric, timestamptz) IS 'An exchange rate as the API prints it.';
