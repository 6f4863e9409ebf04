-- They are told more now, and would be there twice.
DROP FUNCTION IF EXISTS affiliate_private.erase_emails(bigint, text[], text[]);
DROP FUNCTION IF EXISTS affiliate_private.find_person(bigint, text);
DROP FUNCTION IF EXISTS affiliate_private.mentions(bytea, text[]);
