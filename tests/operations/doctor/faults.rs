//! One fault at a time.

/// Check, what the finding has to speak of, and how the fault is made by a superuser.
pub(super) const FAULTS: [(&str, &str, &str); 24] = [
    (
        "functions",
        "affiliate_api.readiness(): the function does not run with the rights of its owner",
        "ALTER FUNCTION affiliate_api.readiness() SECURITY INVOKER",
    ),
    (
        "views",
        "affiliate.conversions: the view lets conditions see the rows of other projects",
        "ALTER VIEW affiliate.conversions RESET (security_barrier)",
    ),
    (
        "rights",
        "public: may execute affiliate.create_project",
        "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA affiliate TO PUBLIC",
    ),
    (
        "extension",
        "pgcrypto: the extension is missing",
        "DROP EXTENSION pgcrypto CASCADE",
    ),
    (
        "rights",
        "affiliate_gateway: may read or write affiliate_private.provider_secret",
        "GRANT SELECT (secret) ON affiliate_private.provider_secret TO affiliate_gateway",
    ),
    (
        "rights",
        "public: may create in schema affiliate_private",
        "GRANT CREATE ON SCHEMA affiliate_private TO PUBLIC",
    ),
    (
        "given_up",
        "endpoint 1 is disabled: gone",
        "INSERT INTO affiliate_private.webhook_endpoint (project_id, endpoint_id, url, secret, events, enabled, disabled_at, disabled_reason)
         VALUES (1, 1, 'https://hooks.example.com', 'whsec_x', '{referral_converted}', false, now(), 'gone')",
    ),
    (
        "server",
        "writes: it takes none from this login: default_transaction_read_only is on",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$",
    ),
    (
        "server",
        "isolation: default_transaction_isolation is repeatable read for test_owner and has to be read committed",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = %L', current_database(), 'repeatable read'); END $$",
    ),
    (
        "server",
        "isolation: default_transaction_isolation is serializable for strict_gateway",
        "CREATE ROLE strict_gateway LOGIN IN ROLE affiliate_gateway;
         DO $$ BEGIN EXECUTE format('ALTER ROLE strict_gateway IN DATABASE %I SET default_transaction_isolation = serializable', current_database()); END $$",
    ),
    (
        "parked_events",
        "project 1, stripe: 1 parked",
        "INSERT INTO affiliate_private.provider_event (project_id, provider, event_key, outcome, error, body)
         VALUES (1, 'stripe', 'evt_1', 'parked', 'no rate', '')",
    ),
    (
        "outbox_lag",
        "project 1, webhooks: 1 late",
        "INSERT INTO affiliate_private.webhook_delivery (project_id, endpoint_id, event_id, next_attempt_at)
         VALUES (1, 1, 1, now() - interval '6 minutes')",
    ),
    (
        "given_up",
        "project 1, webhooks: 1 given up",
        "INSERT INTO affiliate_private.webhook_delivery (project_id, endpoint_id, event_id, status, settled_at)
         VALUES (1, 1, 1, 'dead', now())",
    ),
    (
        "indexes",
        "webhook_delivery_due_idx: the index is missing",
        "DROP INDEX affiliate_private.webhook_delivery_due_idx",
    ),
    (
        "indexes",
        "webhook_delivery_event_idx: the index is not valid",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'affiliate_private.webhook_delivery_event_idx'::regclass",
    ),
    (
        "constraints",
        "provider_event_outcome_check: the constraint is missing",
        "ALTER TABLE affiliate_private.provider_event DROP CONSTRAINT provider_event_outcome_check",
    ),
    (
        "triggers",
        "tg_ledger_entry__append_only: the trigger is disabled",
        "ALTER TABLE affiliate_private.ledger_entry DISABLE TRIGGER tg_ledger_entry__append_only",
    ),
    (
        "functions",
        "affiliate_api.next_delivery_due: the function is missing",
        "DROP FUNCTION affiliate_api.next_delivery_due()",
    ),
    (
        "ownership",
        "affiliate_api.readiness(): belongs to postgres instead of affiliate_owner",
        "ALTER FUNCTION affiliate_api.readiness() OWNER TO postgres",
    ),
    (
        "rights",
        "affiliate_gateway: may not execute affiliate_api.readiness()",
        "REVOKE EXECUTE ON FUNCTION affiliate_api.readiness() FROM affiliate_gateway",
    ),
    (
        "rights",
        "public: may read or write affiliate_private.api_key",
        "GRANT SELECT ON affiliate_private.api_key TO PUBLIC",
    ),
    (
        "schema",
        "1 of this release have not been applied",
        "DELETE FROM affiliate_private.schema_migration WHERE version = (SELECT max(version) FROM affiliate_private.schema_migration)",
    ),
    (
        "extension",
        "pg_affiliate: version 0.0.1 is installed",
        "UPDATE pg_extension SET extversion = '0.0.1' WHERE extname = 'pg_affiliate'",
    ),
    (
        "analysts",
        "test_gateway, project 1: the role was dropped and created again",
        "INSERT INTO affiliate_private.analyst_grant (project_id, role_name, role_oid) VALUES (1, 'test_gateway', 1)",
    ),
];
