CREATE OR REPLACE FUNCTION affiliate_private.edit_sale(p_project_id bigint, p_sale_id bigint, p_edit jsonb) RETURNS void
LANGUAGE sql VOLATILE AS $$
  INSERT INTO affiliate_private.sale_edit AS e (project_id, sale_id, value_minor, base_minor, currency, type, reference, coupon_code_used)
  VALUES (edit_sale.p_project_id, edit_sale.p_sale_id, (edit_sale.p_edit ->> 'value_minor')::bigint, (edit_sale.p_edit ->> 'base_minor')::bigint,
          edit_sale.p_edit ->> 'currency', edit_sale.p_edit ->> 'type', edit_sale.p_edit ->> 'reference', edit_sale.p_edit ->> 'coupon_code_used')
  ON CONFLICT ON CONSTRAINT sale_edit_pkey DO UPDATE
    -- A new base without a value is computed with again: it ends an earlier value.
    SET value_minor = CASE WHEN edit_sale.p_edit ?| ARRAY['value_minor', 'base_minor'] THEN excluded.value_minor ELSE e.value_minor END,
        base_minor = coalesce(excluded.base_minor, e.base_minor), currency = coalesce(excluded.currency, e.currency),
        type = coalesce(excluded.type, e.type), reference = coalesce(excluded.reference, e.reference),
        coupon_code_used = coalesce(excluded.coupon_code_used, e.coupon_code_used), edited_at = clock_timestamp()
$$;
COMMENT ON FUNCTION affiliate_private.edit_sale(bigint, bigint, jsonb) IS 'Records what the owner says of a sale: {"value_minor","base_minor","currency","type","reference","coupon_code_used"}, absent ones stay. The caller settles the sale.';

CREATE OR REPLACE FUNCTION affiliate_private.edited_sale(p_sale affiliate_private.sale, p_edit affiliate_private.sale_edit) RETURNS affiliate_private.sale
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_sale affiliate_private.sale := edited_sale.p_sale;
BEGIN
  v_sale.type     := coalesce((edited_sale.p_edit).type, v_sale.type);
  v_sale.currency := coalesce((edited_sale.p_edit).currency, v_sale.currency);
  IF (edited_sale.p_edit).base_minor IS NOT NULL THEN
    v_sale.line_base_minor := affiliate_private.spread_minor(v_sale.line_base_minor, (edited_sale.p_edit).base_minor);
  END IF;
  RETURN v_sale;
END
$$;
COMMENT ON FUNCTION affiliate_private.edited_sale(affiliate_private.sale, affiliate_private.sale_edit) IS 'A sale as the owner says it was; unchanged without an edit.';

CREATE OR REPLACE FUNCTION affiliate_private.spread_minor(p_parts bigint[], p_total bigint) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_parts bigint[] := spread_minor.p_parts;
  v_left  bigint   := spread_minor.p_total;
  v_sum   numeric;
BEGIN
  IF cardinality(v_parts) = 1 THEN
    RETURN ARRAY[v_left];
  END IF;
  v_sum := (SELECT sum(p.minor) FROM unnest(v_parts) AS p (minor));
  -- Each part keeps its share; the last one takes what rounding leaves.
  FOR v_n IN 1 .. cardinality(v_parts) LOOP
    v_parts[v_n] := CASE WHEN v_n = cardinality(v_parts) THEN v_left WHEN v_sum = 0 THEN 0
      ELSE round(spread_minor.p_parts[v_n]::numeric * spread_minor.p_total / v_sum)::bigint END;
    v_left := v_left - v_parts[v_n];
  END LOOP;
  RETURN v_parts;
END
$$;
COMMENT ON FUNCTION affiliate_private.spread_minor(bigint[], bigint) IS 'The same parts scaled to another total, which they add up to exactly; each rounded half away from zero, the last one takes the rest.';
