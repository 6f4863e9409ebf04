-- Replaced by functions of other parameters or results.
DROP FUNCTION IF EXISTS affiliate_private.adopt_first_payment(bigint, text, text[], text);
DROP FUNCTION IF EXISTS affiliate_private.import_customer(bigint, text, text, text);
DROP FUNCTION IF EXISTS affiliate_private.subscription_ended_at(affiliate_private.sale);
DROP FUNCTION IF EXISTS affiliate_private.resolve_import(bigint, text[], text[]);
DROP FUNCTION IF EXISTS affiliate_private.latest_touches(affiliate_private.sale, timestamptz, boolean, boolean);
DROP FUNCTION IF EXISTS affiliate_private.sales_after_import(affiliate_private.sale);
