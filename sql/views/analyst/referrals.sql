CREATE OR REPLACE VIEW affiliate.referrals WITH (security_barrier) AS
SELECT p.project_id, v.*
FROM affiliate_private.visible_project AS p
CROSS JOIN LATERAL (
  SELECT r.referred_user_id, r.email, r.affiliate_id, r.conversion_status AS status, r.created_at,
         (r.created_at AT TIME ZONE 'UTC')::date AS created_on, r.signed_up_at, r.conversion_date AS converted_at
  FROM (SELECT p.*) AS p
  JOIN affiliate_private.referred_user AS r ON r.project_id = p.project_id AND r.deleted_at IS NULL
  OFFSET 0) AS v;
COMMENT ON VIEW affiliate.referrals IS 'People who signed up or bought, with who referred them.';
COMMENT ON COLUMN affiliate.referrals.project_id IS 'The affiliate program.';
COMMENT ON COLUMN affiliate.referrals.referred_user_id IS 'The person, as in affiliate.conversions.';
COMMENT ON COLUMN affiliate.referrals.email IS 'Email address, unique per project.';
COMMENT ON COLUMN affiliate.referrals.affiliate_id IS 'Who referred the person; NULL for nobody.';
COMMENT ON COLUMN affiliate.referrals.status IS 'pending (signed up), converted (bought), direct or direct_signup where nobody referred them.';
COMMENT ON COLUMN affiliate.referrals.created_at IS 'When the person was first known.';
COMMENT ON COLUMN affiliate.referrals.created_on IS 'UTC day of created_at.';
COMMENT ON COLUMN affiliate.referrals.signed_up_at IS 'When the person was first linked to an affiliate; NULL for never.';
COMMENT ON COLUMN affiliate.referrals.converted_at IS 'When the person first bought; NULL for not yet.';
