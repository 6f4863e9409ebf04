-- The keys of advisory locks can be read by every login (pg_locks), and the lock of a customer is made of an email: a seed that
-- only the owner reads keeps anyone from trying emails against them.
ALTER TABLE affiliate_private.project ADD COLUMN lock_seed bigint NOT NULL DEFAULT hashtextextended(gen_random_uuid()::text, 0);
COMMENT ON COLUMN affiliate_private.project.lock_seed IS 'Random; with it the names of locks are hashed, so that pg_locks tells nothing about people.';
