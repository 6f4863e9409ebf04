//! Names, comments and types in the schema.

use crate::database::holds;

/// Tables of the installation rather than of a project, and the indexes by which the drains, which look at all
/// projects, find what is due.
const NOT_PER_PROJECT: &str =
    "'endpoint', 'api_schema', 'schema_migration', 'install', 'job_run', 'webhook_delivery_due_idx',
     'provider_call_due_idx'";

#[tokio::test]
async fn tables_are_named_in_the_singular() {
    holds(
        "a table is named by one of what it holds",
        "SELECT c.relname::text FROM pg_class AS c JOIN product ON product.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND c.relname ~ 's$' AND c.relname !~ '(as|is|ss|us)$'",
    )
    .await;
}

#[tokio::test]
async fn constraints_are_named_after_their_table_and_kind() {
    holds(
        "a constraint is named <table>_pkey, <table>_…_key, <table>_…_fkey or <table>_…_check",
        "SELECT format('%s on %s', k.conname, c.relname)
         FROM pg_constraint AS k JOIN product ON product.oid = k.connamespace JOIN pg_class AS c ON c.oid = k.conrelid
         WHERE k.contype IN ('p', 'u', 'f', 'c')
           AND k.conname !~ ('^' || c.relname || CASE k.contype
                 WHEN 'p' THEN '_pkey$' WHEN 'u' THEN '_[a-z_]+_key$' WHEN 'f' THEN '_[a-z_]+_fkey$' ELSE '_[a-z_]+_check$' END)",
    )
    .await;
}

#[tokio::test]
async fn indexes_are_named_after_their_table_and_kind() {
    holds(
        "an index is named <table>_…_idx, a unique one <table>_pkey or <table>_…_key",
        "SELECT format('%s on %s', x.relname, c.relname)
         FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid JOIN pg_class AS c ON c.oid = i.indrelid
         JOIN product ON product.oid = c.relnamespace
         WHERE x.relname !~ ('^' || c.relname || CASE WHEN i.indisunique THEN '_(pkey|[a-z_]+_key)$' ELSE '_[a-z_]+_idx$' END)",
    )
    .await;
}

#[tokio::test]
async fn keys_and_indexes_start_with_the_project() {
    let keys = format!(
        "SELECT format('%s on %s', k.conname, c.relname)
         FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN product ON product.oid = c.relnamespace
         LEFT JOIN pg_attribute AS own ON own.attrelid = k.conrelid AND own.attnum = k.conkey[1]
         LEFT JOIN pg_attribute AS other ON other.attrelid = k.confrelid AND other.attnum = k.confkey[1]
         WHERE k.contype IN ('p', 'u', 'f') AND c.relname NOT IN ({NOT_PER_PROJECT})
           AND (own.attname <> 'project_id' OR k.contype = 'f' AND other.attname <> 'project_id')
         UNION ALL
         SELECT format('%s on %s', x.relname, c.relname)
         FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid JOIN pg_class AS c ON c.oid = i.indrelid
         JOIN product ON product.oid = c.relnamespace
         LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
         WHERE a.attname IS DISTINCT FROM 'project_id' AND c.relname NOT IN ({NOT_PER_PROJECT}) AND x.relname NOT IN ({NOT_PER_PROJECT})"
    );
    holds(
        "every key, foreign key and index starts with project_id",
        &keys,
    )
    .await;
}

#[tokio::test]
async fn triggers_say_their_table_and_effect() {
    holds(
        "a trigger and its function are named tg_<table>__<effect>",
        "SELECT format('%s on %s calls %s', t.tgname, c.relname, p.proname)
         FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid JOIN product ON product.oid = c.relnamespace
         JOIN pg_proc AS p ON p.oid = t.tgfoid
         WHERE NOT t.tgisinternal
           AND NOT (t.tgname ~ ('^tg_' || c.relname || '__[a-z_]+$') AND p.proname ~ ('^tg_' || c.relname || '__[a-z_]+$'))",
    )
    .await;
}

#[tokio::test]
async fn everything_public_has_a_comment() {
    holds(
        "every table, view, composite type and function, and every column of an analyst view, has a comment",
        "SELECT 'relation ' || c.oid::regclass FROM pg_class AS c JOIN product ON product.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'm') AND obj_description(c.oid, 'pg_class') IS NULL
         UNION ALL
         SELECT 'type ' || t.oid::regtype FROM pg_type AS t JOIN product ON product.oid = t.typnamespace JOIN pg_class AS c ON c.oid = t.typrelid
         WHERE c.relkind = 'c' AND obj_description(t.oid, 'pg_type') IS NULL
         UNION ALL
         SELECT 'function ' || p.oid::regprocedure FROM pg_proc AS p JOIN product ON product.oid = p.pronamespace
         WHERE obj_description(p.oid, 'pg_proc') IS NULL
         UNION ALL
         SELECT format('column %s.%s', c.oid::regclass, a.attname)
         FROM pg_class AS c JOIN product ON product.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
         WHERE product.name = 'affiliate' AND c.relkind IN ('v', 'm') AND col_description(c.oid, a.attnum) IS NULL",
    )
    .await;
}

#[tokio::test]
async fn names_end_in_their_unit_and_have_its_type() {
    holds(
        "_minor, _ppm and _ppb are bigint, _at is timestamptz, _days and _ms are integer",
        "SELECT format('%s.%s is %s', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod))
         FROM pg_class AS c JOIN product ON product.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'c') AND NOT a.attisdropped
           AND CASE WHEN a.attname ~ '_(minor|ppm|ppb)$' THEN a.atttypid NOT IN ('bigint'::regtype, 'bigint[]'::regtype)
                    WHEN a.attname ~ '_at$' THEN a.atttypid <> 'timestamptz'::regtype
                    WHEN a.attname ~ '_(days|ms)$' THEN a.atttypid <> 'integer'::regtype
                    ELSE a.atttypid = 'timestamp'::regtype END",
    )
    .await;
}

#[tokio::test]
async fn patterns_mean_the_same_to_every_client() {
    holds(
        r"a declared pattern spells its characters out: \s, \w, \d and \b differ between ECMAScript, Rust and Python",
        r"SELECT d.function_name FROM affiliate_private.endpoint AS e
          CROSS JOIN LATERAL (VALUES (e.function_name, e.parameters::text), (e.function_name, e.body_schema::text)) AS d (function_name, declared)
          WHERE d.declared ~ '\\\\[sSwWdDbB]'
          UNION ALL
          SELECT s.schema_name FROM affiliate_private.api_schema AS s WHERE s.schema::text ~ '\\\\[sSwWdDbB]'",
    )
    .await;
}

#[tokio::test]
async fn no_float_anywhere() {
    holds(
        "no column, argument or result is a float",
        "SELECT format('%s.%s', c.oid::regclass, a.attname)
         FROM pg_class AS c JOIN product ON product.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid
         WHERE a.atttypid IN ('real'::regtype, 'double precision'::regtype, 'real[]'::regtype, 'double precision[]'::regtype, 'money'::regtype)
         UNION ALL
         SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN product ON product.oid = p.pronamespace
         WHERE coalesce(p.proallargtypes, p.proargtypes::oid[]) || p.prorettype
               && ARRAY['real'::regtype, 'double precision'::regtype, 'real[]'::regtype, 'double precision[]'::regtype, 'money'::regtype]::oid[]",
    )
    .await;
}

#[tokio::test]
async fn arguments_are_named_and_start_with_p() {
    holds(
        "every argument of a function has a name that starts with p_",
        "SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN product ON product.oid = p.pronamespace
         WHERE p.pronargs > 0
           AND (p.proargnames IS NULL OR EXISTS (
                  SELECT FROM unnest(p.proargnames) WITH ORDINALITY AS n (name, position)
                  WHERE coalesce(p.proargmodes[n.position], 'i') IN ('i', 'b', 'v') AND n.name !~ '^p_'))",
    )
    .await;
}
