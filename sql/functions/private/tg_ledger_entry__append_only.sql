CREATE OR REPLACE FUNCTION affiliate_private.tg_ledger_entry__append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = 'the ledger is append-only: book a counter-entry instead of ' || TG_OP;
END
$$;
COMMENT ON FUNCTION affiliate_private.tg_ledger_entry__append_only() IS 'Refuses every change of booked entries, the owner''s included.';
