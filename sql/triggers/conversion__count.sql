CREATE OR REPLACE TRIGGER tg_conversion__count_insert AFTER INSERT ON affiliate_private.conversion
  FOR EACH ROW EXECUTE FUNCTION affiliate_private.tg_conversion__count();
CREATE OR REPLACE TRIGGER tg_conversion__count_update AFTER UPDATE ON affiliate_private.conversion
  FOR EACH ROW
  WHEN ((OLD.affiliate_id, OLD.occurred_at, OLD.type, OLD.paid, OLD.deleted_at IS NULL)
        IS DISTINCT FROM (NEW.affiliate_id, NEW.occurred_at, NEW.type, NEW.paid, NEW.deleted_at IS NULL))
  EXECUTE FUNCTION affiliate_private.tg_conversion__count();
