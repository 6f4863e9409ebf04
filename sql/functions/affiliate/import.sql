CREATE OR REPLACE FUNCTION affiliate.import_affiliates(p_project_id bigint, p_import_id bigint) RETURNS json
LANGUAGE sql VOLATILE AS $$
  SELECT affiliate_private.import_lines(import_affiliates.p_project_id, import_affiliates.p_import_id, 'affiliates')
$$;
COMMENT ON FUNCTION affiliate.import_affiliates(bigint, bigint) IS 'Makes affiliates of the lines in affiliate_private.import_line: email, referral_code, partner_slug, status, created_at, first_name, last_name, paypal_email, wise_email. One whose email is there is known. {"imported", "known", "errors": [{"line", "error"}]}; RF404 unknown project.';

CREATE OR REPLACE FUNCTION affiliate.import_referrals(p_project_id bigint, p_import_id bigint) RETURNS json
LANGUAGE sql VOLATILE AS $$
  SELECT affiliate_private.import_lines(import_referrals.p_project_id, import_referrals.p_import_id, 'referrals')
$$;
COMMENT ON FUNCTION affiliate.import_referrals(bigint, bigint) IS 'Makes referred users of the lines: email or customer_key (Stripe''s), affiliate_id, affiliate_email or referral_code, status, created_at. Nothing is announced. {"imported", "known", "errors"}; RF404 unknown project.';

CREATE OR REPLACE FUNCTION affiliate.import_conversions(p_project_id bigint, p_import_id bigint) RETURNS json
LANGUAGE sql VOLATILE AS $$
  SELECT affiliate_private.import_lines(import_conversions.p_project_id, import_conversions.p_import_id, 'conversions')
$$;
COMMENT ON FUNCTION affiliate.import_conversions(bigint, bigint) IS 'Makes sales of the lines and settles them: occurred_at, base_value or value (the commission), currency, email, customer_key, affiliate_id, affiliate_email or referral_code, type, paid, refunded, reference, coupon_code_used, provider and sale_key. One with the same provider and sale_key (else reference, else all columns) is known. Nothing is announced. {"imported", "known", "errors"}; RF404 unknown project.';
