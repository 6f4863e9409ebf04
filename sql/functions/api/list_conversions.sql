CREATE OR REPLACE FUNCTION affiliate_api.list_conversions(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_limit    bigint      := (list_conversions.p_args ->> 'limit')::bigint;
  v_offset   bigint      := (list_conversions.p_args ->> 'offset')::bigint;
  v_type     text        := list_conversions.p_args ->> 'type';
  v_paid     boolean     := (list_conversions.p_args ->> 'paid')::boolean;
  v_from     timestamptz := affiliate_private.check_time('from', list_conversions.p_args ->> 'from');
  v_to       timestamptz := affiliate_private.check_time('to', list_conversions.p_args ->> 'to');
  v_affiliate_id bigint  := (list_conversions.p_args ->> 'affiliate_id')::bigint;
  v_user_id  bigint      := (list_conversions.p_args ->> 'referred_user_id')::bigint;
  v_currency text        := affiliate_private.project_currency(list_conversions.p_project_id);
  v_page     record;
BEGIN
  WITH matching AS (
    SELECT c.conversion_id, c.occurred_at FROM affiliate_private.conversion AS c
    WHERE c.project_id = list_conversions.p_project_id AND c.deleted_at IS NULL
      AND (v_type IS NULL OR c.type = v_type) AND (v_paid IS NULL OR c.paid = v_paid)
      AND (v_affiliate_id IS NULL OR c.affiliate_id = v_affiliate_id) AND (v_user_id IS NULL OR c.referred_user_id = v_user_id)
      AND (v_from IS NULL OR c.occurred_at >= v_from) AND (v_to IS NULL OR c.occurred_at <= v_to)
  ), page AS (
    SELECT m.conversion_id, m.occurred_at FROM matching AS m ORDER BY m.occurred_at DESC, m.conversion_id DESC LIMIT v_limit OFFSET v_offset
  )
  SELECT (SELECT count(*) FROM matching) AS total,
         (SELECT json_agg(affiliate_private.conversion_json(c, v_currency) ORDER BY p.occurred_at DESC, p.conversion_id DESC)
          FROM page AS p JOIN affiliate_private.conversion AS c
            ON c.project_id = list_conversions.p_project_id AND c.conversion_id = p.conversion_id) AS data
  INTO v_page;
  RETURN affiliate_private.page_json(v_page.data, v_limit, v_offset, v_page.total);
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
