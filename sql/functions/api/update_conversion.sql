CREATE OR REPLACE FUNCTION affiliate_api.update_conversion(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_args     jsonb  := update_conversion.p_args;
  v_id       bigint := (v_args ->> 'id')::bigint;
  v_currency text   := affiliate_private.project_currency(update_conversion.p_project_id);
  v_old      affiliate_private.conversion;
  v_base_currency text;
BEGIN
  IF NOT v_args ?| ARRAY['value', 'base_value', 'type', 'paid', 'reference', 'coupon_code_used', 'base_value_currency'] THEN
    RAISE EXCEPTION USING ERRCODE = 'RF400',
      MESSAGE = 'No updatable field given: use value, base_value, type, paid, reference, coupon_code_used or base_value_currency';
  END IF;
  PERFORM affiliate_private.lock_inputs(update_conversion.p_project_id, false);
  IF v_args ? 'reference' THEN
    PERFORM affiliate_private.claim_reference(update_conversion.p_project_id, v_args ->> 'reference', v_id);
  END IF;
  v_old := affiliate_private.lock_conversion(update_conversion.p_project_id, v_id);
  PERFORM affiliate_private.check_not_reserved(v_old);
  v_base_currency := CASE WHEN v_args ? 'base_value_currency' THEN affiliate_private.check_currency(v_args ->> 'base_value_currency') ELSE v_old.currency END;
  IF affiliate_private.currency_exponent(v_base_currency) <> affiliate_private.currency_exponent(v_old.currency) AND NOT v_args ? 'base_value' THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409',
      MESSAGE = format('%s has other decimals than %s: give the base_value in %s too', v_base_currency, v_old.currency, v_base_currency);
  END IF;
  IF NOT v_args ? 'base_value_currency' AND affiliate_private.currency_exponent(v_old.currency) = 0
     AND (v_args ->> 'base_value')::numeric % 1 <> 0 AND (v_args ->> 'base_value')::numeric % 0.01 = 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'RF409', MESSAGE = format('the conversion is in %s, which has no decimals: give a whole base_value', v_old.currency);
  END IF;
  IF v_old.affiliate_id IS NOT NULL AND affiliate_private.fx_ppb_at(v_old.project_id, v_base_currency, v_currency, v_old.occurred_at) IS NULL THEN
    PERFORM affiliate_private.raise_no_rate(v_base_currency, v_currency);
  END IF;
  IF v_args ?| ARRAY['value', 'base_value', 'type', 'reference', 'coupon_code_used', 'base_value_currency'] THEN
    PERFORM affiliate_private.edit_sale(v_old.project_id, v_old.sale_id, jsonb_strip_nulls(jsonb_build_object(
      'value_minor', affiliate_private.parse_money('value', v_args ->> 'value', v_currency),
      'base_minor', affiliate_private.parse_money('base_value', v_args ->> 'base_value', v_base_currency),
      'currency', CASE WHEN v_args ? 'base_value_currency' THEN v_base_currency END,
      'type', v_args ->> 'type', 'reference', v_args ->> 'reference', 'coupon_code_used', v_args ->> 'coupon_code_used')));
  END IF;
  PERFORM affiliate_private.settle_sale(v_old.project_id, v_old.sale_id, (v_args ->> 'paid')::boolean);
  IF v_old.paid AND NOT (v_args ->> 'paid')::boolean THEN
    -- What was learnt while it was paid counts from now on.
    PERFORM affiliate_private.settle_sale(v_old.project_id, v_old.sale_id);
  END IF;
  -- What is said of one name of a payment counts under the one it goes by.
  PERFORM affiliate_private.settle_sales(v_old.project_id, affiliate_private.payment_sales(v_old.project_id, v_old.sale_id));
  RETURN affiliate_private.data_json(affiliate_private.conversion_json(affiliate_private.lock_conversion(v_old.project_id, v_id), v_currency));
END
$$;
COMMENT ON FUNCTION affiliate_api.update_conversion(bigint, jsonb) IS 'PUT /api/v1/conversions/:id';

SELECT affiliate_private.declare_endpoint('update_conversion', $json${
  "method": "PUT", "path": "/api/v1/conversions/:id", "status": 200, "scope": "write", "tool": "update_conversion", "response": "Conversion",
  "summary": "Update a conversion",
  "description": "Update conversion details or mark as paid. Every change is booked as new ledger entries: value replaces the commission, base_value computes it again with the rule stamped at the sale, paid books a payout (false takes it back).",
  "body": {"$ref": "#/components/schemas/BaseValue"},
  "parameters": {
    "id":         {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the conversion"},
    "value":      {"in": "body", "type": "number", "minimum": 0, "maximum": 90000000000, "multipleOf": 0.01, "description": "Commission before refunds, in the project's currency"},
    "base_value": {"in": "body", "type": "number", "minimum": 0, "maximum": 90000000000, "multipleOf": 0.01, "description": "Transaction value; ends an earlier value"},
    "type":       {"in": "body", "type": "string", "enum": ["signup", "purchase"], "description": "Conversion type"},
    "paid":       {"in": "body", "type": "boolean", "description": "Whether the commission is paid out"},
    "reference":  {"in": "body", "type": "string", "minLength": 1, "maxLength": 255, "description": "Your reference, unique per project"},
    "coupon_code_used":    {"in": "body", "type": "string", "minLength": 1, "maxLength": 200, "description": "Coupon code used"},
    "base_value_currency": {"in": "body", "type": "string", "pattern": "^[A-Za-z]{3}$", "accepts": "the three letters of a currency, such as USD", "schema": "Currency", "description": "ISO 4217 code of base_value. One other than the project's needs an exchange rate as soon as an affiliate is credited (else 400)"}
  }
}$json$);
