-- One row for each quarter of a second out of two: a transaction that rang and goes on for long holds one of them, and the
-- others go on ringing.
ALTER TABLE affiliate_private.doorbell ADD COLUMN slot integer NOT NULL DEFAULT 0;
INSERT INTO affiliate_private.doorbell (slot, rung_at) SELECT n, '-infinity' FROM generate_series(1, 7) AS n;
COMMENT ON TABLE affiliate_private.doorbell IS 'When gateways were last notified that there is something to send, so that they are not with every transaction.';
COMMENT ON COLUMN affiliate_private.doorbell.slot IS 'Which quarter of a second it rang in, modulo 8.';
