CREATE OR REPLACE TRIGGER tg_ledger_entry__append_only BEFORE UPDATE OR DELETE ON affiliate_private.ledger_entry
  FOR EACH ROW EXECUTE FUNCTION affiliate_private.tg_ledger_entry__append_only();
CREATE OR REPLACE TRIGGER tg_ledger_entry__no_truncate BEFORE TRUNCATE ON affiliate_private.ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION affiliate_private.tg_ledger_entry__append_only();
