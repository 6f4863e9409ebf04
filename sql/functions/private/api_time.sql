CREATE OR REPLACE FUNCTION affiliate_private.api_time(p_at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT to_char(api_time.p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;
COMMENT ON FUNCTION affiliate_private.api_time(timestamptz) IS 'ISO 8601 in UTC with milliseconds, as the REST API prints times.';

CREATE OR REPLACE FUNCTION affiliate_private.webhook_time(p_at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT to_char(webhook_time.p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$;
COMMENT ON FUNCTION affiliate_private.webhook_time(timestamptz) IS 'ISO 8601 in UTC with seconds, as webhook payloads print times.';
