CREATE OR REPLACE FUNCTION affiliate.seed_demo() RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_name       text := 'Demo: Acme Analytics';
  v_secret     text := 'whsec_demo_' || encode(affiliate_private.random_bytes(16), 'hex');
  v_live       text;
  v_project_id bigint;
  v_created    json;
BEGIN
  PERFORM affiliate_private.lock_facts(0, ARRAY['seed_demo']);
  -- Known by its secret too, for it may have been renamed since.
  SELECT p.project_id INTO v_project_id FROM affiliate_private.project AS p
  WHERE p.name = v_name OR EXISTS (SELECT FROM affiliate_private.provider_secret AS s
                                   WHERE s.project_id = p.project_id AND s.provider = 'stripe' AND s.secret LIKE 'whsec\_demo\_%')
  ORDER BY p.project_id LIMIT 1;
  IF NOT FOUND THEN
    v_created    := affiliate.create_project(v_name);
    v_project_id := (v_created ->> 'project_id')::bigint;
  END IF;
  SELECT s.secret INTO v_live FROM affiliate_private.live_secrets(v_project_id, 'stripe') AS s ORDER BY s.secret_id DESC LIMIT 1;
  IF NOT FOUND THEN
    PERFORM affiliate.set_provider(v_project_id, 'stripe', v_secret);
    v_live := v_secret;
  END IF;
  IF v_created IS NOT NULL THEN
    PERFORM affiliate_private.seed_demo_life(v_project_id);
  END IF;
  RETURN row_to_json(x) FROM (
    SELECT v_project_id AS project_id, v_created ->> 'api_key' AS api_key, v_live AS webhook_secret, v_created IS NOT NULL AS created) AS x;
END
$$;
COMMENT ON FUNCTION affiliate.seed_demo() IS 'A demo project with three months of believable sales, made once through the same path as real events, and connected to Stripe whatever happened since; api_key only when it was made just now.';
