CREATE OR REPLACE FUNCTION affiliate_api.list_conversions(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_limit    bigint      := (list_conversions.p_args ->> 'limit')::bigint;
  v_offset   bigint      := (list_conversions.p_args ->> 'offset')::bigint;
  v_types    text[]      := ARRAY[list_conversions.p_args ->> 'type'];
  v_paids    boolean[]   := '{false,true}';
  v_from     timestamptz := coalesce(affiliate_private.check_time('from', list_conversions.p_args ->> 'from'), '-infinity');
  v_to       timestamptz := coalesce(affiliate_private.check_time('to', list_conversions.p_args ->> 'to'), 'infinity');
  v_affiliate_id bigint  := (list_conversions.p_args ->> 'affiliate_id')::bigint;
  v_user_id  bigint      := (list_conversions.p_args ->> 'referred_user_id')::bigint;
  v_currency text        := affiliate_private.project_currency(list_conversions.p_project_id);
  v_ids      bigint[];
  v_total    bigint;
  v_data     json;
BEGIN
  IF list_conversions.p_args ->> 'type' IS NULL THEN
    v_types := '{signup,purchase}';
  END IF;
  IF list_conversions.p_args ->> 'paid' IS NOT NULL THEN
    v_paids := ARRAY[(list_conversions.p_args ->> 'paid')::boolean];
  END IF;
  IF v_user_id IS NOT NULL THEN
    SELECT p.ids, p.total INTO v_ids, v_total
    FROM affiliate_private.user_conversions(list_conversions.p_project_id, v_user_id, v_affiliate_id, v_types, v_paids, v_from, v_to, v_limit, v_offset) AS p;
  ELSE
    v_total := affiliate_private.count_conversions(list_conversions.p_project_id, v_affiliate_id, v_types, v_paids, v_from, v_to);
    IF v_offset < v_total THEN
      v_ids := affiliate_private.page_conversions(list_conversions.p_project_id, v_affiliate_id, v_types, v_paids, v_from, v_to, v_limit, v_offset);
    END IF;
  END IF;
  SELECT json_agg(affiliate_private.conversion_json(c, v_currency) ORDER BY i.n) INTO v_data
  FROM unnest(v_ids) WITH ORDINALITY AS i (conversion_id, n)
  JOIN affiliate_private.conversion AS c ON c.project_id = list_conversions.p_project_id AND c.conversion_id = i.conversion_id;
  RETURN affiliate_private.page_json(v_data, v_limit, v_offset, v_total);
END
$$;
COMMENT ON FUNCTION affiliate_api.list_conversions(bigint, jsonb) IS 'GET /api/v1/conversions';

SELECT affiliate_private.declare_endpoint('list_conversions', $json${
  "method": "GET", "path": "/api/v1/conversions", "status": 200, "scope": "read", "tool": "list_conversions", "response": "Conversion[]",
  "summary": "List conversions",
  "description": "List conversions, newest first, with filters for type (signup/purchase), affiliate, date range (from/to ISO dates), paid status. Default limit: 50.",
  "parameters": {
    "limit":  {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 50, "description": "Number of conversions to return"},
    "offset": {"in": "query", "type": "integer", "minimum": 0, "default": 0, "description": "Number of conversions to skip"},
    "type":   {"in": "query", "type": "string", "enum": ["signup", "purchase"], "description": "Only conversions of this type"},
    "affiliate_id":     {"in": "query", "type": "integer", "minimum": 1, "description": "Only conversions of this affiliate"},
    "referred_user_id": {"in": "query", "type": "integer", "minimum": 1, "description": "Only conversions of this referred user"},
    "paid":   {"in": "query", "type": "boolean", "description": "Only paid or only unpaid conversions"},
    "from":   {"in": "query", "type": "string", "format": "date-time", "description": "Only conversions at or after this ISO date or time (UTC where no offset is given)"},
    "to":     {"in": "query", "type": "string", "format": "date-time", "description": "Only conversions at or before this ISO date or time"}
  }
}$json$);
