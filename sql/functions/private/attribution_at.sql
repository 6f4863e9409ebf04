CREATE OR REPLACE FUNCTION affiliate_private.attribution_at(p_project_id bigint, p_customer_id bigint, p_at timestamptz,
                                                            OUT affiliate_id bigint, OUT source text, OUT code_key text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_sale   affiliate_private.sale;
  v_choice record;
BEGIN
  -- A sale about which nothing is known but who bought and when.
  v_sale.project_id  := attribution_at.p_project_id;
  v_sale.customer_id := attribution_at.p_customer_id;
  v_sale.counts_at   := attribution_at.p_at;
  v_choice := affiliate_private.choose_evidence(v_sale, affiliate_private.setting_at(attribution_at.p_project_id, attribution_at.p_at), '{}');
  affiliate_id := v_choice.affiliate_id;
  -- Where they were named, such as the metadata of a trial's subscription.
  source       := coalesce((SELECT e.source FROM affiliate_private.evidence AS e
                            WHERE e.project_id = attribution_at.p_project_id AND e.evidence_id = v_choice.evidence_id), v_choice.source);
  code_key     := v_choice.code_key;
END
$$;
COMMENT ON FUNCTION affiliate_private.attribution_at(bigint, bigint, timestamptz) IS 'Who would be credited with a purchase of this customer at a moment, by what was known of them; all NULL for nobody.';
