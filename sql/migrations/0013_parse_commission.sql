-- It has one more argument now, and would be there twice.
DROP FUNCTION IF EXISTS affiliate_private.parse_commission(text, text, text);
