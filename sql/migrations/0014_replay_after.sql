-- It has one more argument now, and would be there twice.
DROP FUNCTION IF EXISTS affiliate.replay_webhooks(bigint, bigint, text, timestamptz, timestamptz);
