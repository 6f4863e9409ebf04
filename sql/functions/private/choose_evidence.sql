CREATE OR REPLACE FUNCTION affiliate_private.source_priority(p_source text, p_namespace text) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  -- Among coupons the code the customer typed comes before the provider's ids.
  SELECT 2 * array_position(ARRAY['coupon', 'metadata', 'client_reference_id', 'subscription_metadata', 'email', 'manual'], source_priority.p_source)::bigint
         - (source_priority.p_source = 'coupon' AND source_priority.p_namespace = 'coupon')::integer
$$;
COMMENT ON FUNCTION affiliate_private.source_priority(text, text) IS 'Attribution order of evidence about a sale itself: the smallest wins.';

CREATE OR REPLACE FUNCTION affiliate_private.may_earn(p_project_id bigint, p_affiliate_id bigint, p_customer_id bigint, p_at timestamptz, p_allow_self boolean) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_email_key text;
BEGIN
  IF may_earn.p_affiliate_id IS NULL THEN
    RETURN false;
  END IF;
  SELECT a.email_key INTO v_email_key FROM affiliate_private.affiliate AS a
  WHERE a.project_id = may_earn.p_project_id AND a.affiliate_id = may_earn.p_affiliate_id AND a.deleted_at IS NULL;
  IF NOT FOUND OR affiliate_private.affiliate_status_at(may_earn.p_project_id, may_earn.p_affiliate_id, may_earn.p_at) IS DISTINCT FROM 'active' THEN
    RETURN false;
  ELSIF may_earn.p_allow_self THEN
    RETURN true;
  END IF;
  PERFORM FROM affiliate_private.customer_identity AS i
  WHERE i.project_id = may_earn.p_project_id AND i.kind = 'email' AND i.identity_key = v_email_key AND i.customer_id = may_earn.p_customer_id;
  RETURN NOT FOUND;
END
$$;
COMMENT ON FUNCTION affiliate_private.may_earn(bigint, bigint, bigint, timestamptz, boolean) IS 'Whether an affiliate can be credited with a customer''s sale at a moment: exists, active then, and not the customer (unless allowed).';

CREATE OR REPLACE FUNCTION affiliate_private.choose_evidence(p_sale affiliate_private.sale, p_setting affiliate_private.project_setting, p_scopes text[],
                                                             OUT evidence_id bigint, OUT affiliate_id bigint, OUT source text, OUT code_key text, OUT named_at timestamptz)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_first      boolean := (choose_evidence.p_setting).touch_model = 'first';
  v_item       record;
  v_e          affiliate_private.evidence;
  v_evidence   affiliate_private.evidence[] := '{}';
  v_owner_id   bigint;
  v_priorities bigint[]      := '{}';
  v_times      timestamptz[] := '{}';
  v_named_at   timestamptz;
  v_named      timestamptz[] := '{}';
  v_owner_ids  bigint[]      := '{}';
  v_eligible   boolean[]     := '{}';
  v_winner     bigint;
  v_touches    record;
  v_link       affiliate_private.referral_link;
BEGIN
  -- Evidence about this very sale and its subscription, in the documented order.
  FOR v_item IN
    -- Whose a code was is asked for the moment it was first named: who brought a customer keeps it when the code gets another owner, or none.
    SELECT e AS evidence, min(coalesce(e.named_at, e.observed_at)) OVER (PARTITION BY e.namespace, e.code_key) AS named_at
    FROM affiliate_private.evidence AS e
    WHERE e.project_id = (choose_evidence.p_sale).project_id AND e.provider = (choose_evidence.p_sale).provider AND e.scope_key = ANY (choose_evidence.p_scopes)
      AND e.effective_at <= (choose_evidence.p_sale).counts_at
    -- The first of equals wins, so that must not depend on where rows lie.
    ORDER BY e.source, e.namespace, e.code_key, e.scope_key
  LOOP
    v_e          := v_item.evidence;
    v_named_at   := least(v_item.named_at, (choose_evidence.p_sale).counts_at);
    v_owner_id   := affiliate_private.code_owner_at(v_e.project_id, v_e.namespace, v_e.code_key, v_named_at);
    v_evidence   := v_evidence || v_e;
    v_named      := v_named || v_named_at;
    v_priorities := v_priorities || affiliate_private.source_priority(v_e.source, v_e.namespace);
    v_times      := v_times || v_e.observed_at;
    v_owner_ids  := v_owner_ids || v_owner_id;
    v_eligible   := v_eligible || affiliate_private.may_earn(v_e.project_id, v_owner_id, (choose_evidence.p_sale).customer_id,
                                                             (choose_evidence.p_sale).counts_at, (choose_evidence.p_setting).allow_self_referral);
  END LOOP;
  v_winner := affiliate_kernel.choose_attribution(v_priorities, v_times, v_owner_ids, v_eligible, v_first);
  IF v_winner IS NOT NULL THEN
    evidence_id  := (v_evidence[v_winner]).evidence_id;
    affiliate_id := v_owner_ids[v_winner];
    source       := (v_evidence[v_winner]).source;
    code_key     := (v_evidence[v_winner]).code_key;
    named_at     := v_named[v_winner];
    RETURN;
  END IF;
  v_link := affiliate_private.link_at(choose_evidence.p_sale);
  -- None of it counts: the customer's other touches up to this sale, by the project's touch model, after what the owner last said.
  SELECT array_agg(t.priority) AS priorities, array_agg(t.observed_at) AS times, array_agg(t.affiliate_id) AS affiliates,
         array_agg(t.evidence_id) AS ids, array_agg(t.code_key) AS codes, array_agg(true) AS eligible
  INTO v_touches
  FROM (
    SELECT l.* FROM affiliate_private.latest_touches(choose_evidence.p_sale, choose_evidence.p_scopes, v_link.effective_at, v_first, (choose_evidence.p_setting).allow_self_referral) AS l
    -- The owner's word is the first touch, and cannot be followed by another.
    WHERE NOT (v_first AND v_link.effective_at IS NOT NULL)
    ORDER BY l.code_key, l.evidence_id) AS t;
  v_winner := affiliate_kernel.choose_attribution(v_touches.priorities, v_touches.times, v_touches.affiliates, v_touches.eligible, v_first);
  IF v_winner IS NULL THEN
    IF affiliate_private.may_earn(v_link.project_id, v_link.affiliate_id, (choose_evidence.p_sale).customer_id,
                                  (choose_evidence.p_sale).counts_at, (choose_evidence.p_setting).allow_self_referral) THEN
      affiliate_id := v_link.affiliate_id;
      source       := 'manual';
    END IF;
    RETURN;
  END IF;
  evidence_id  := v_touches.ids[v_winner];
  affiliate_id := v_touches.affiliates[v_winner];
  source       := 'email';
  code_key     := v_touches.codes[v_winner];
END
$$;
COMMENT ON FUNCTION affiliate_private.choose_evidence(affiliate_private.sale, affiliate_private.project_setting, text[]) IS 'The evidence (about one of the scopes, else a touch of the customer) that decides who is credited with a sale, and when its code was first named for it; all NULL where nobody is.';

CREATE OR REPLACE FUNCTION affiliate_private.no_evidence(OUT evidence_id bigint, OUT affiliate_id bigint, OUT source text, OUT code_key text, OUT named_at timestamptz)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
END
$$;
COMMENT ON FUNCTION affiliate_private.no_evidence() IS 'What choose_evidence gives where nobody is to be credited: all NULL.';

CREATE OR REPLACE FUNCTION affiliate_private.sale_scopes(p_sale affiliate_private.sale, p_payment text[]) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_scopes text[] := sale_scopes.p_payment;
  v_scope  text   := affiliate_private.subscription_scope((sale_scopes.p_sale).subscription_key);
  v_first  text;
BEGIN
  IF (sale_scopes.p_sale).customer_key IS NOT NULL THEN
    v_scopes := v_scopes || ('customer:' || (sale_scopes.p_sale).customer_key);
  END IF;
  IF v_scope IS NOT NULL THEN
    -- A renewal inherits what was known of the subscription's first payment: that which is linked as such, and the first one there is.
    v_first  := affiliate_private.first_payment((sale_scopes.p_sale).project_id, (sale_scopes.p_sale).provider, (sale_scopes.p_sale).subscription_key);
    v_scopes := v_scopes || v_scope || affiliate_private.payment_component((sale_scopes.p_sale).project_id, (sale_scopes.p_sale).provider,
                                                                           array_remove(ARRAY[v_scope || ':first', v_first], NULL));
  END IF;
  RETURN v_scopes;
END
$$;
COMMENT ON FUNCTION affiliate_private.sale_scopes(affiliate_private.sale, text[]) IS 'Everything that evidence for a sale may be about: the ids of its payment, its subscription, the subscription''s first payment, its provider customer.';

CREATE OR REPLACE FUNCTION affiliate_private.first_payment(p_project_id bigint, p_provider text, p_subscription_key text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT s.sale_key FROM affiliate_private.sale AS s
          WHERE s.project_id = first_payment.p_project_id AND s.provider = first_payment.p_provider AND s.subscription_key = first_payment.p_subscription_key
          ORDER BY s.occurred_at, s.sale_key LIMIT 1);
END
$$;
COMMENT ON FUNCTION affiliate_private.first_payment(bigint, text, text) IS 'The key of the first sale of a subscription that is known, with money or without; NULL for none.';

CREATE OR REPLACE FUNCTION affiliate_private.link_at(p_sale affiliate_private.sale) RETURNS affiliate_private.referral_link
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.referral_link;
BEGIN
  SELECT l.* INTO v_row
  FROM affiliate_private.customer_identity AS i
  JOIN affiliate_private.referral_link AS l ON l.project_id = i.project_id AND l.email_key = i.identity_key
  WHERE i.project_id = (link_at.p_sale).project_id AND i.customer_id = (link_at.p_sale).customer_id AND i.kind = 'email'
    AND l.effective_at <= (link_at.p_sale).counts_at
  ORDER BY l.effective_at DESC, l.version_id DESC LIMIT 1;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.link_at(affiliate_private.sale) IS 'What the owner had last said, by the time of a sale, about who referred its customer; NULL where nothing.';

CREATE OR REPLACE FUNCTION affiliate_private.latest_touches(p_sale affiliate_private.sale, p_scopes text[], p_since timestamptz, p_first_touch boolean, p_allow_self boolean)
RETURNS TABLE (evidence_id bigint, affiliate_id bigint, code_key text, observed_at timestamptz, priority bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_sale  affiliate_private.sale := latest_touches.p_sale;
  v_since timestamptz := coalesce(latest_touches.p_since, '-infinity');
BEGIN
  -- Two queries so that each walks its index from one end and stops at the first usable touch, however long the history.
  IF latest_touches.p_first_touch THEN
    RETURN QUERY
      SELECT e.evidence_id, o.affiliate_id, e.code_key, e.observed_at, affiliate_private.source_priority(e.source, e.namespace)
      FROM affiliate_private.evidence AS e
      CROSS JOIN LATERAL (SELECT affiliate_private.code_owner_at(e.project_id, e.namespace, e.code_key,
                                                                    least(coalesce(e.named_at, e.observed_at), v_sale.counts_at))) AS o (affiliate_id)
      WHERE e.project_id = v_sale.project_id AND e.customer_id = v_sale.customer_id AND e.observed_at > v_since AND e.observed_at <= v_sale.counts_at
        AND e.effective_at <= v_sale.counts_at AND (e.provider <> v_sale.provider OR e.scope_key <> ALL (latest_touches.p_scopes))
        AND affiliate_private.may_earn(e.project_id, o.affiliate_id, e.customer_id, v_sale.counts_at, latest_touches.p_allow_self)
      ORDER BY e.observed_at FETCH FIRST 1 ROW WITH TIES;
  ELSE
    RETURN QUERY
      SELECT e.evidence_id, o.affiliate_id, e.code_key, e.observed_at, affiliate_private.source_priority(e.source, e.namespace)
      FROM affiliate_private.evidence AS e
      CROSS JOIN LATERAL (SELECT affiliate_private.code_owner_at(e.project_id, e.namespace, e.code_key,
                                                                    least(coalesce(e.named_at, e.observed_at), v_sale.counts_at))) AS o (affiliate_id)
      WHERE e.project_id = v_sale.project_id AND e.customer_id = v_sale.customer_id AND e.observed_at > v_since AND e.observed_at <= v_sale.counts_at
        AND e.effective_at <= v_sale.counts_at AND (e.provider <> v_sale.provider OR e.scope_key <> ALL (latest_touches.p_scopes))
        AND affiliate_private.may_earn(e.project_id, o.affiliate_id, e.customer_id, v_sale.counts_at, latest_touches.p_allow_self)
      ORDER BY e.observed_at DESC FETCH FIRST 1 ROW WITH TIES;
  END IF;
END
$$;
COMMENT ON FUNCTION affiliate_private.latest_touches(affiliate_private.sale, text[], timestamptz, boolean, boolean) IS 'The usable touch (or touches at one instant, which have the order of evidence) of the customer after p_since, nearest to the end the touch model asks for; what is about p_scopes, the sale itself, is none.';
