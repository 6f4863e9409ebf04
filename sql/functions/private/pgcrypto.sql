-- pgcrypto may live in any schema (managed services differ), so its functions are wrapped under fixed names.
DO $do$
DECLARE
  v_schema name := (SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
                    WHERE e.extname = 'pgcrypto');
BEGIN
  EXECUTE format($sql$
    CREATE OR REPLACE FUNCTION affiliate_private.random_bytes(p_count integer) RETURNS bytea
    LANGUAGE sql VOLATILE AS 'SELECT %1$I.gen_random_bytes($1)';
    CREATE OR REPLACE FUNCTION affiliate_private.bcrypt_hash(p_secret text) RETURNS text
    LANGUAGE sql VOLATILE AS 'SELECT %1$I.crypt($1, %1$I.gen_salt(''bf'', 10))';
    CREATE OR REPLACE FUNCTION affiliate_private.hmac_sha256(p_text text, p_secret text) RETURNS bytea
    LANGUAGE sql IMMUTABLE AS 'SELECT %1$I.hmac(convert_to($1, ''UTF8''), convert_to($2, ''UTF8''), ''sha256'')';
  $sql$, v_schema);
END
$do$;
COMMENT ON FUNCTION affiliate_private.random_bytes(integer) IS 'Cryptographically random bytes.';
COMMENT ON FUNCTION affiliate_private.bcrypt_hash(text) IS 'bcrypt (cost 10) of a secret of at most 72 bytes.';
COMMENT ON FUNCTION affiliate_private.hmac_sha256(text, text) IS 'HMAC-SHA256 of a text; the secret is used as its UTF-8 bytes.';
