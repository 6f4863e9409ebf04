CREATE OR REPLACE TRIGGER tg_conversion__count_insert AFTER INSERT ON affiliate_private.conversion
  REFERENCING NEW TABLE AS new_row
  FOR EACH STATEMENT EXECUTE FUNCTION affiliate_private.tg_conversion__count();
CREATE OR REPLACE TRIGGER tg_conversion__count_update AFTER UPDATE ON affiliate_private.conversion
  REFERENCING OLD TABLE AS old_row NEW TABLE AS new_row
  FOR EACH STATEMENT EXECUTE FUNCTION affiliate_private.tg_conversion__count();
