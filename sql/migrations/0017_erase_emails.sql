-- It is told whose emails they are now.
DROP FUNCTION IF EXISTS affiliate_private.erase_emails(bigint, text[], text[]);
