-- Who owned a code is asked for the moment it was first named (docs/decisions/0024).
ALTER TABLE affiliate_private.evidence ADD COLUMN named_at timestamptz;
COMMENT ON COLUMN affiliate_private.evidence.named_at IS 'The moment whose owner of the code it speaks for: observed_at, to which counted_at may add a part of a second; NULL for observed_at itself.';

-- Replaced by functions of other names or results.
DROP FUNCTION IF EXISTS affiliate_private.sale_pays(affiliate_private.sale, affiliate_private.project_setting, text[]);
DROP FUNCTION IF EXISTS affiliate_private.is_counted_elsewhere(affiliate_private.sale);
DROP FUNCTION IF EXISTS affiliate_private.choose_evidence(affiliate_private.sale, affiliate_private.project_setting, text[]);
