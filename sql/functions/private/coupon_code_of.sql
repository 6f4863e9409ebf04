CREATE OR REPLACE FUNCTION affiliate_private.coupon_code_of(p_project_id bigint, p_evidence_id bigint, p_at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT coalesce(v.label, n.code_key)
  FROM affiliate_private.evidence AS e
  LEFT JOIN affiliate_private.discount AS d
    ON d.project_id = e.project_id AND affiliate_private.discount_namespace(d.provider) = e.namespace AND d.discount_key = e.code_key
  CROSS JOIN LATERAL (SELECT CASE WHEN d.code_key IS NULL THEN e.namespace ELSE 'coupon' END AS namespace, coalesce(d.code_key, e.code_key) AS code_key) AS n
  LEFT JOIN affiliate_private.attribution_code AS v ON v.project_id = e.project_id AND v.namespace = n.namespace AND v.code_key = n.code_key
  WHERE e.project_id = coupon_code_of.p_project_id AND e.evidence_id = coupon_code_of.p_evidence_id
  ORDER BY v.effective_at <= coupon_code_of.p_at DESC,
           CASE WHEN v.effective_at <= coupon_code_of.p_at THEN v.effective_at END DESC, v.effective_at, v.version_id DESC
  LIMIT 1
$$;
COMMENT ON FUNCTION affiliate_private.coupon_code_of(bigint, bigint, timestamptz) IS 'The code, as its owner wrote it, of the coupon that a piece of evidence (a typed code or a provider''s id) named at a moment; the evidence itself where no coupon had it. Picks the version code_owner_at picks.';
