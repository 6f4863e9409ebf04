-- What the pages of a project report: who came through which link. The clear IP address and user agent are stored nowhere here.

CREATE OR REPLACE FUNCTION affiliate_private.is_bot(p_user_agent text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  -- Nothing said is a caller that does not know; an empty header is no browser. CUBOT makes telephones.
  SELECT coalesce(is_bot.p_user_agent = '' OR is_bot.p_user_agent ~* (
    '(?<!cu)bot|crawl|spider|slurp|scrap|headless|phantomjs|puppeteer|playwright|lighthouse|pagespeed|pingdom|uptime|monitor|preview|prerender|'
    'facebookexternalhit|facebookcatalog|whatsapp|embedly|quora link|outbrain|vkshare|validator|mediapartners|apis-google|adsbot|feedfetcher|google-read|'
    'curl/|wget/|python|httpx|aiohttp|go-http-client|java/|okhttp|axios/|node-fetch|undici|libwww|perl|ruby|guzzle|postman|insomnia|httpie'), false)
$$;
COMMENT ON FUNCTION affiliate_private.is_bot(text) IS 'Whether a user agent is that of a crawler, link preview, monitor or HTTP library; false for NULL.';

CREATE OR REPLACE FUNCTION affiliate_private.visit_of(p_project_id bigint, p_kind text, p_referral_code text, p_ip text, p_user_agent text) RETURNS affiliate_private.visit
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_policy affiliate_private.data_policy;
  v_visit  affiliate_private.visit;
BEGIN
  PERFORM affiliate_private.check_project(visit_of.p_project_id);
  v_policy           := affiliate_private.data_policy_of(visit_of.p_project_id);
  v_visit.project_id := visit_of.p_project_id;
  v_visit.kind       := visit_of.p_kind;
  v_visit.visited_at := clock_timestamp();
  SELECT a.affiliate_id INTO v_visit.affiliate_id FROM affiliate_private.affiliate AS a
  WHERE a.project_id = visit_of.p_project_id AND a.deleted_at IS NULL AND a.status = 'active'
    AND a.referral_code_key = affiliate_private.fold_key(visit_of.p_referral_code);
  v_visit.ip_hash    := affiliate_private.personal_hash(v_policy, 'ip', visit_of.p_ip);
  IF visit_of.p_ip IS NOT NULL OR visit_of.p_user_agent IS NOT NULL THEN
    v_visit.visitor_hash := affiliate_private.personal_hash(v_policy, 'visitor', concat_ws(' ', visit_of.p_ip, visit_of.p_user_agent));
  END IF;
  v_visit.ignored_reason := CASE WHEN affiliate_private.is_bot(visit_of.p_user_agent) THEN 'bot' END;
  RETURN v_visit;
END
$$;
COMMENT ON FUNCTION affiliate_private.visit_of(bigint, text, text, text, text) IS 'A visit as it may be stored: hashed, with its affiliate (NULL where the code is no active one''s), and marked where it comes from a bot. RF404 unknown project.';

CREATE OR REPLACE FUNCTION affiliate_private.is_repeat(p_visit affiliate_private.visit, p_window_minutes integer) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF (is_repeat.p_visit).visitor_hash IS NULL THEN
    RETURN false;
  END IF;
  -- Two at once: the second one waits for the first, and sees it.
  PERFORM affiliate_private.lock_facts((is_repeat.p_visit).project_id,
    ARRAY[format('visitor:%s:%s', (is_repeat.p_visit).affiliate_id, encode((is_repeat.p_visit).visitor_hash, 'hex'))]);
  RETURN EXISTS (
    SELECT FROM affiliate_private.visit AS v
    WHERE v.project_id = (is_repeat.p_visit).project_id AND v.visitor_hash = (is_repeat.p_visit).visitor_hash AND v.affiliate_id = (is_repeat.p_visit).affiliate_id
      AND v.kind = 'click' AND v.ignored_reason IS NULL
      AND v.visited_at > (is_repeat.p_visit).visited_at - make_interval(mins => is_repeat.p_window_minutes));
END
$$;
COMMENT ON FUNCTION affiliate_private.is_repeat(affiliate_private.visit, integer) IS 'Whether the same visitor''s click on this affiliate''s links has counted within the window.';

CREATE OR REPLACE FUNCTION affiliate_private.store_visit(p_visit affiliate_private.visit) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_visit    affiliate_private.visit := store_visit.p_visit;
  v_delta_id bigint;
BEGIN
  INSERT INTO affiliate_private.visit (project_id, kind, affiliate_id, visited_at, ip_hash, visitor_hash, ignored_reason)
  VALUES (v_visit.project_id, v_visit.kind, v_visit.affiliate_id, v_visit.visited_at, v_visit.ip_hash, v_visit.visitor_hash, v_visit.ignored_reason);
  IF v_visit.kind = 'click' AND v_visit.ignored_reason IS NULL THEN
    INSERT INTO affiliate_private.balance_delta AS b (project_id, affiliate_id, clicks) VALUES (v_visit.project_id, v_visit.affiliate_id, 1)
    RETURNING b.delta_id INTO v_delta_id;
    IF v_delta_id % 32 = 0 THEN
      PERFORM affiliate_private.fold_balance(v_visit.project_id, v_visit.affiliate_id);
    END IF;
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.store_visit(affiliate_private.visit) IS 'Keeps a visit, and counts it where it is a click that counts.';

CREATE OR REPLACE FUNCTION affiliate_private.visit_json(p_visit affiliate_private.visit, p_referred_user_id bigint) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT row_to_json(x) FROM (
    SELECT (visit_json.p_visit).affiliate_id IS NOT NULL AND (visit_json.p_visit).ignored_reason IS NULL AS counted,
           CASE WHEN (visit_json.p_visit).affiliate_id IS NULL THEN 'unknown_code' ELSE (visit_json.p_visit).ignored_reason END AS reason,
           (visit_json.p_visit).affiliate_id AS affiliate_id, visit_json.p_referred_user_id AS referred_user_id) AS x
$$;
COMMENT ON FUNCTION affiliate_private.visit_json(affiliate_private.visit, bigint) IS 'What became of a visit: whether it counts, else why not (unknown_code, bot, repeat).';

CREATE OR REPLACE FUNCTION affiliate_private.refer_visitor(p_project_id bigint, p_customer_id bigint, p_email text, p_affiliate_id bigint, p_at timestamptz,
                                                           p_user_agent text, p_ip text) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_user affiliate_private.referred_user := affiliate_private.find_referred_user(refer_visitor.p_project_id, refer_visitor.p_customer_id, refer_visitor.p_email);
BEGIN
  IF v_user.referred_user_id IS NULL THEN
    INSERT INTO affiliate_private.referred_user AS r (project_id, email, email_key, affiliate_id, conversion_status)
    VALUES (refer_visitor.p_project_id, refer_visitor.p_email, affiliate_private.fold_key(refer_visitor.p_email), refer_visitor.p_affiliate_id, 'pending')
    RETURNING r.* INTO v_user;
  ELSIF v_user.affiliate_id IS NULL THEN
    UPDATE affiliate_private.referred_user AS r
    SET affiliate_id = refer_visitor.p_affiliate_id,
        conversion_status = CASE r.conversion_status WHEN 'direct_signup' THEN 'pending' ELSE r.conversion_status END
    WHERE r.project_id = v_user.project_id AND r.referred_user_id = v_user.referred_user_id
    RETURNING r.* INTO v_user;
  END IF;
  PERFORM affiliate_private.announce_visitor(v_user, refer_visitor.p_at, refer_visitor.p_user_agent, refer_visitor.p_ip);
END
$$;
COMMENT ON FUNCTION affiliate_private.refer_visitor(bigint, bigint, text, bigint, timestamptz, text, text) IS 'Links who signed up in a browser to an affiliate, and announces it once with what is known of the browser.';

CREATE OR REPLACE FUNCTION affiliate_private.signup_key(p_project_id bigint, p_email text) RETURNS text
LANGUAGE sql VOLATILE AS $$
  SELECT 'signup_' || encode(affiliate_private.personal_hash(affiliate_private.data_policy_of(signup_key.p_project_id), 'email',
                                                             affiliate_private.fold_key(signup_key.p_email)), 'hex')
$$;
COMMENT ON FUNCTION affiliate_private.signup_key(bigint, text) IS 'The sale key of a person''s one tracked sign-up.';
