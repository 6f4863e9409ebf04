CREATE OR REPLACE VIEW affiliate.projects WITH (security_barrier) AS
SELECT p.project_id, p.name, p.currency, p.created_at
FROM affiliate_private.visible_project AS p;
COMMENT ON VIEW affiliate.projects IS 'The affiliate programs one may see.';
COMMENT ON COLUMN affiliate.projects.project_id IS 'The affiliate program.';
COMMENT ON COLUMN affiliate.projects.name IS 'Its name.';
COMMENT ON COLUMN affiliate.projects.currency IS 'ISO 4217 code of its balances, commissions and payouts.';
COMMENT ON COLUMN affiliate.projects.created_at IS 'When it was made.';
