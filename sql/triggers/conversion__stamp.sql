CREATE OR REPLACE TRIGGER tg_conversion__stamp BEFORE INSERT OR UPDATE ON affiliate_private.conversion
  FOR EACH ROW EXECUTE FUNCTION @kernel_trigger_schema@.tg_conversion__stamp();
