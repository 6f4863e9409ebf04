-- Schemas and pgcrypto are created by the migrating user, who has the right to on more servers than a role without
-- login does; from the SET ROLE on, everything belongs to the owner.
DO $schemas$
DECLARE
  v_schema text;
  v_owner CONSTANT text := pg_catalog.current_setting('affiliate_migrate.owner');
  v_crypto_schema text;
  v_foreign text;
BEGIN
  FOREACH v_schema IN ARRAY ARRAY['affiliate', 'affiliate_api', 'affiliate_private', 'affiliate_kernel'] LOOP
    CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_namespace AS n WHERE n.nspname = v_schema);
    IF NOT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') THEN
      RAISE EXCEPTION '% may not create schemas in database %', CURRENT_USER, pg_catalog.current_database()
        USING ERRCODE = 'insufficient_privilege',
              HINT = pg_catalog.format('Have its owner run: GRANT CREATE ON DATABASE %I TO %I', pg_catalog.current_database(), CURRENT_USER);
    END IF;
    EXECUTE pg_catalog.format('CREATE SCHEMA %I AUTHORIZATION %I', v_schema, v_owner);
  END LOOP;
  -- Somebody may have been quicker since the handover.
  SELECT n.nspname INTO v_foreign FROM pg_catalog.pg_namespace AS n
   WHERE n.nspname IN ('affiliate', 'affiliate_api', 'affiliate_private', 'affiliate_kernel') AND pg_catalog.pg_get_userbyid(n.nspowner) <> v_owner LIMIT 1;
  IF v_foreign IS NOT NULL THEN
    RAISE EXCEPTION 'schema % does not belong to %', v_foreign, v_owner USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;

  -- Wherever pgcrypto is already installed is where it is used from.
  SELECT n.nspname INTO v_crypto_schema
    FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
   WHERE e.extname = 'pgcrypto';
  IF v_crypto_schema IS NULL THEN
    v_crypto_schema := CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'public')
                            THEN 'public' ELSE 'affiliate_private' END;
    BEGIN
      EXECUTE pg_catalog.format('CREATE EXTENSION pgcrypto SCHEMA %I', v_crypto_schema);
    EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_file THEN
      RAISE EXCEPTION 'the pgcrypto extension is needed and could not be created: %', SQLERRM
        USING ERRCODE = SQLSTATE, HINT = 'Have an administrator run: CREATE EXTENSION pgcrypto';
    END;
  END IF;
  -- Keys are drawn with it, and whoever owns its schema could put another one in its place. A service's administrators are groups
  -- that we are in.
  SELECT r.rolname INTO v_foreign
    FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_roles AS r ON r.oid = n.nspowner
   WHERE n.nspname = v_crypto_schema
     AND NOT (r.rolsuper OR r.rolname IN (v_owner, CURRENT_USER, 'pg_database_owner') OR pg_catalog.pg_has_role(r.oid, v_owner, 'MEMBER')
              OR EXISTS (SELECT FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database() AND d.datdba = r.oid)
              OR (pg_catalog.pg_has_role(r.oid, 'MEMBER')
                  AND NOT (SELECT u.rolsuper FROM pg_catalog.pg_roles AS u WHERE u.rolname = CURRENT_USER)));
  IF v_foreign IS NOT NULL THEN
    RAISE EXCEPTION 'pgcrypto is in schema %, which belongs to %', v_crypto_schema, v_foreign
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = pg_catalog.format('Have an administrator move it into a schema of its own: CREATE SCHEMA crypto AUTHORIZATION %I; ALTER EXTENSION pgcrypto SET SCHEMA crypto', CURRENT_USER);
  END IF;
  IF NOT pg_catalog.has_schema_privilege(v_owner, v_crypto_schema, 'USAGE') THEN
    EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA %I TO %I', v_crypto_schema, v_owner);
    IF NOT pg_catalog.has_schema_privilege(v_owner, v_crypto_schema, 'USAGE') THEN
      RAISE EXCEPTION '% may not use schema %, where pgcrypto is installed', v_owner, v_crypto_schema
        USING ERRCODE = 'insufficient_privilege',
              HINT = pg_catalog.format('Have an administrator run: GRANT USAGE ON SCHEMA %I TO %I', v_crypto_schema, v_owner);
    END IF;
  END IF;

  PERFORM pg_catalog.set_config('role', v_owner, true);
END
$schemas$;

SET LOCAL search_path = pg_catalog, pg_temp;

CREATE TABLE IF NOT EXISTS affiliate_private.schema_migration (
  version integer NOT NULL,
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  CONSTRAINT schema_migration_pkey PRIMARY KEY (version)
);
COMMENT ON TABLE affiliate_private.schema_migration IS 'The numbered migrations applied to this database';
COMMENT ON COLUMN affiliate_private.schema_migration.checksum IS 'SHA-256 of the migration file as it was applied, in hex';

CREATE TABLE IF NOT EXISTS affiliate_private.install (
  singleton boolean NOT NULL DEFAULT true,
  schema_version integer NOT NULL,
  profile text NOT NULL,
  objects_checksum text NOT NULL,
  migrated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  CONSTRAINT install_pkey PRIMARY KEY (singleton),
  CONSTRAINT install_singleton_check CHECK (singleton),
  CONSTRAINT install_profile_check CHECK (profile IN ('native', 'portable'))
);
COMMENT ON TABLE affiliate_private.install IS 'One row: what affiliate migrate last left in this database';
COMMENT ON COLUMN affiliate_private.install.profile IS 'Which kernels are in use: native (the pg_affiliate extension) or portable (plain SQL)';
COMMENT ON COLUMN affiliate_private.install.objects_checksum IS 'SHA-256, in hex, over every re-applied file: functions, views, triggers, grants and the profile''s kernels';
