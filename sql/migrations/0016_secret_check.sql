-- A wrong secret need not cost a bcrypt: what it begins with, hashed, tells nearly all of them. 32 bits of a secret of 192 are
-- no help to whoever reads them. Keys from before have none.
ALTER TABLE affiliate_private.api_key ADD COLUMN secret_check bytea,
  ADD CONSTRAINT api_key_secret_check_check CHECK (length(secret_check) = 4);
COMMENT ON COLUMN affiliate_private.api_key.secret_check IS 'The first 4 bytes of the SHA-256 of the secret, by which wrong ones are refused without a bcrypt; a right one is verified by secret_hash.';
DROP FUNCTION IF EXISTS affiliate_api.find_api_key(bigint);
