CREATE OR REPLACE FUNCTION affiliate_api.get_stripe_customer_referral_info(p_project_id bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_stripe_id   text := get_stripe_customer_referral_info.p_args ->> 'stripe_customer_id';
  v_project_id  bigint := get_stripe_customer_referral_info.p_project_id;
  v_customer_id bigint;
  v_count       bigint;
  v_credit      record;
  v_user        affiliate_private.referred_user;
BEGIN
  IF (get_stripe_customer_referral_info.p_args ->> 'project_id')::bigint <> v_project_id THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Project not found: the API key is of another one';
  END IF;
  SELECT i.customer_id INTO v_customer_id FROM affiliate_private.customer_identity AS i
  WHERE i.project_id = v_project_id AND i.kind = 'stripe' AND i.identity_key = v_stripe_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RF404', MESSAGE = 'Stripe customer not found';
  END IF;
  SELECT count(*) INTO v_count
  FROM affiliate_private.sale AS s JOIN affiliate_private.conversion AS c ON c.project_id = s.project_id AND c.sale_id = s.sale_id AND c.deleted_at IS NULL
  WHERE s.project_id = v_project_id AND s.customer_id = v_customer_id;
  SELECT c.affiliate_id, c.attribution_source AS source INTO v_credit
  FROM affiliate_private.sale AS s JOIN affiliate_private.conversion AS c ON c.project_id = s.project_id AND c.sale_id = s.sale_id AND c.deleted_at IS NULL
  WHERE s.project_id = v_project_id AND s.customer_id = v_customer_id AND c.affiliate_id IS NOT NULL
  ORDER BY s.occurred_at DESC, s.sale_key DESC LIMIT 1;
  IF NOT FOUND THEN
    SELECT a.affiliate_id, a.source INTO v_credit FROM affiliate_private.attribution_at(v_project_id, v_customer_id, statement_timestamp()) AS a;
  END IF;
  v_user := affiliate_private.find_referred_user(v_project_id, v_customer_id, NULL);
  RETURN affiliate_private.data_json((SELECT row_to_json(x) FROM (
    SELECT v_project_id AS project_id, v_stripe_id AS stripe_customer_id, v_credit.affiliate_id IS NOT NULL AS referred,
           (SELECT row_to_json(y) FROM (SELECT a.affiliate_id AS id, a.email, a.referral_code FROM affiliate_private.affiliate AS a
                                        WHERE a.project_id = v_project_id AND a.affiliate_id = v_credit.affiliate_id) AS y) AS affiliate,
           (SELECT row_to_json(y) FROM (SELECT v_user.referred_user_id AS id, v_user.email AS email, v_user.conversion_status AS conversion_status,
                                               affiliate_private.api_time(v_user.conversion_date) AS conversion_date,
                                               affiliate_private.api_time(v_user.created_at) AS created_at
                                        WHERE v_user.referred_user_id IS NOT NULL) AS y) AS referred_user,
           v_credit.source AS attribution_source, v_count AS conversions) AS x));
END
$$;
COMMENT ON FUNCTION affiliate_api.get_stripe_customer_referral_info(bigint, jsonb) IS 'GET /api/v1/projects/:projectId/stripe-customer-referral-info/:stripeCustomerId';

SELECT affiliate_private.declare_endpoint('get_stripe_customer_referral_info', $json${
  "method": "GET", "path": "/api/v1/projects/:project_id/stripe-customer-referral-info/:stripe_customer_id", "status": 200, "scope": "read",
  "response": "StripeCustomerReferralInfo",
  "summary": "Retrieve a Stripe customer's referral",
  "description": "Get referral information for a Stripe customer within a project: who is credited, why, and how many conversions there are.",
  "parameters": {
    "project_id":         {"in": "path", "type": "integer", "minimum": 1, "required": true, "description": "ID of the project of the API key"},
    "stripe_customer_id": {"in": "path", "type": "string", "minLength": 1, "maxLength": 255, "required": true, "description": "Stripe customer ID, such as cus_123"}
  }
}$json$);
