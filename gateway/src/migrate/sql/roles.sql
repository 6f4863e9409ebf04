-- Works out who owns the product in this database and says so in two settings of this transaction:
-- affiliate_migrate.owner (a role name) and affiliate_migrate.shared_roles (on: the four product roles are in use).
-- Roles belong to the whole cluster, so the same statements may be running for other databases at this moment.
DO $roles$
DECLARE
  v_role text;
  v_problem text;
  v_pg16 CONSTANT boolean := pg_catalog.current_setting('server_version_num')::integer >= 160000;
  v_may_set CONSTANT text := CASE WHEN v_pg16 THEN 'SET' ELSE 'MEMBER' END;
  v_with CONSTANT text := CASE WHEN v_pg16 THEN ' WITH INHERIT TRUE, SET TRUE' ELSE '' END;
  v_installed_owner CONSTANT text := (SELECT pg_catalog.pg_get_userbyid(n.nspowner) FROM pg_catalog.pg_namespace AS n
                                      WHERE n.nspname = 'affiliate_private');
  v_is_ours CONSTANT boolean := v_installed_owner = 'affiliate_owner';
  -- What belongs to us (a plain installation, or a restore without owners) is handed over where that can be done; somebody
  -- else's stays theirs.
  v_shared boolean := v_installed_owner IS NULL OR v_is_ours OR v_installed_owner = CURRENT_USER;
BEGIN
  IF pg_catalog.current_setting('server_encoding') <> 'UTF8' THEN
    RAISE EXCEPTION 'the encoding of database % is %, and has to be UTF8', pg_catalog.current_database(), pg_catalog.current_setting('server_encoding')
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Create one with: CREATE DATABASE name ENCODING ''UTF8'' TEMPLATE template0';
  END IF;
  IF v_shared THEN
    FOREACH v_role IN ARRAY ARRAY['affiliate_owner', 'affiliate_gateway', 'affiliate_report', 'affiliate_analyst'] LOOP
      CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = v_role);
      BEGIN
        EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', v_role);
      EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
          v_problem := coalesce(v_problem, pg_catalog.format('role %I does not exist and %I may not create roles', v_role, CURRENT_USER));
      END;
    END LOOP;

    IF v_problem IS NULL AND NOT (pg_catalog.pg_has_role('affiliate_owner', v_may_set) AND pg_catalog.pg_has_role('affiliate_owner', 'USAGE')) THEN
      BEGIN
        EXECUTE 'GRANT affiliate_owner TO CURRENT_USER' || v_with;
      EXCEPTION
        WHEN unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
          v_problem := pg_catalog.format('%I is not a member of affiliate_owner', CURRENT_USER);
      END;
    END IF;

    -- The owner hands the analyst views over to affiliate_report, which takes membership.
    IF v_problem IS NULL AND NOT pg_catalog.pg_has_role('affiliate_owner', 'affiliate_report', v_may_set) THEN
      BEGIN
        EXECUTE 'GRANT affiliate_report TO affiliate_owner' || v_with;
      EXCEPTION
        WHEN unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
          v_problem := 'affiliate_owner is not a member of affiliate_report';
      END;
    END IF;
    v_shared := v_problem IS NULL;
  END IF;

  IF v_shared AND EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = 'affiliate_owner' AND (r.rolsuper OR r.rolcanlogin)) THEN
    RAISE WARNING 'affiliate_owner is a superuser or can log in: everything the product does would be done with those rights'
      USING HINT = 'ALTER ROLE affiliate_owner NOLOGIN NOSUPERUSER';
  END IF;
  IF NOT v_shared AND v_is_ours THEN
    RAISE EXCEPTION 'the product in this database belongs to affiliate_owner, but %', v_problem
      USING ERRCODE = 'insufficient_privilege',
            HINT = pg_catalog.format('Have an administrator run: GRANT affiliate_owner TO %I', CURRENT_USER);
  ELSIF v_problem IS NOT NULL AND v_installed_owner IS NULL THEN
    RAISE WARNING '%: everything will belong to % and nothing is granted to the product''s roles', v_problem, CURRENT_USER;
  ELSIF NOT v_shared AND NOT pg_catalog.pg_has_role(v_installed_owner, v_may_set) THEN
    RAISE EXCEPTION 'the product in this database belongs to %, and % is not a member of that role', v_installed_owner, CURRENT_USER
      USING ERRCODE = 'insufficient_privilege';
  END IF;

  IF v_shared
     AND NOT pg_catalog.has_database_privilege('affiliate_owner', pg_catalog.current_database(), 'CREATE')
     AND (SELECT pg_catalog.pg_has_role(d.datdba, 'USAGE') FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
  THEN
    EXECUTE pg_catalog.format('GRANT CREATE, TEMPORARY ON DATABASE %I TO affiliate_owner', pg_catalog.current_database());
  END IF;

  PERFORM pg_catalog.set_config('affiliate_migrate.owner',
            CASE WHEN v_shared THEN 'affiliate_owner' ELSE coalesce(v_installed_owner, CURRENT_USER) END, true),
          pg_catalog.set_config('affiliate_migrate.shared_roles', CASE WHEN v_shared THEN 'on' ELSE 'off' END, true);
END
$roles$;
