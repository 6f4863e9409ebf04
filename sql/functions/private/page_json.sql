CREATE OR REPLACE FUNCTION affiliate_private.page_json(p_data json, p_limit bigint, p_offset bigint, p_total bigint) RETURNS json
LANGUAGE sql IMMUTABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT true AS success, coalesce(page_json.p_data, '[]'::json) AS data,
           (SELECT row_to_json(y) FROM (SELECT page_json.p_limit AS "limit", page_json.p_offset AS "offset", page_json.p_total AS total,
                                               page_json.p_offset + page_json.p_limit < page_json.p_total AS has_more) AS y) AS pagination) AS x
$$;
COMMENT ON FUNCTION affiliate_private.page_json(json, bigint, bigint, bigint) IS 'The answer of a list endpoint.';

CREATE OR REPLACE FUNCTION affiliate_private.data_json(p_data json) RETURNS json
LANGUAGE sql IMMUTABLE AS $$
  SELECT row_to_json(x) FROM (SELECT true AS success, data_json.p_data AS data) AS x
$$;
COMMENT ON FUNCTION affiliate_private.data_json(json) IS 'The answer of an endpoint about one thing.';
