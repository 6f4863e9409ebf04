//! Who may do what, and what runs with whose rights.

use crate::database::holds;

#[tokio::test]
async fn functions_with_their_owners_rights_have_a_fixed_search_path() {
    holds(
        "a SECURITY DEFINER function sets a search_path that ends in pg_temp",
        "SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN product ON product.oid = p.pronamespace
         WHERE p.prosecdef AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS c (setting)
                                           WHERE c.setting ~ '^search_path=' AND c.setting ~ '(=|, *)pg_temp$')",
    )
    .await;
}

#[tokio::test]
async fn the_gateways_functions_run_with_their_owners_rights() {
    holds(
        "every function of affiliate_api is SECURITY DEFINER",
        "SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN product ON product.oid = p.pronamespace
         WHERE product.name = 'affiliate_api' AND NOT p.prosecdef",
    )
    .await;
}

#[tokio::test]
async fn endpoints_and_their_declarations_belong_together() {
    holds(
        "every function (bigint, jsonb) of affiliate_api is declared as an endpoint, and one that answers GET cannot write",
        "SELECT coalesce(p.oid::regprocedure::text, e.function_name)
         FROM (SELECT f.oid, f.proname, f.provolatile FROM pg_proc AS f JOIN product ON product.oid = f.pronamespace
               WHERE product.name = 'affiliate_api' AND f.oid = to_regprocedure(format('affiliate_api.%I(bigint, jsonb)', f.proname))) AS p
         FULL JOIN affiliate_private.endpoint AS e ON e.function_name = p.proname
         WHERE p.oid IS NULL OR e.function_name IS NULL OR (e.method = 'GET') IS DISTINCT FROM (p.provolatile <> 'v')",
    )
    .await;
}

#[tokio::test]
async fn patterns_are_put_in_words() {
    holds(
        "a parameter with a pattern says what it accepts, for people who sent something else",
        "SELECT format('%s of %s', d.key, e.function_name)
         FROM affiliate_private.endpoint AS e CROSS JOIN LATERAL json_each(e.parameters) AS d
         WHERE d.value ->> 'pattern' IS NOT NULL AND d.value ->> 'accepts' IS NULL",
    )
    .await;
}

#[tokio::test]
async fn the_gateway_reads_and_writes_no_table() {
    holds(
        "affiliate_gateway has no right to any table, column or sequence",
        "SELECT c.oid::regclass::text FROM pg_class AS c JOIN product ON product.oid = c.relnamespace
         WHERE CASE WHEN c.relkind IN ('r', 'p', 'v', 'm')
                 THEN has_table_privilege('affiliate_gateway', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                      OR has_any_column_privilege('affiliate_gateway', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
                 WHEN c.relkind = 'S' THEN has_sequence_privilege('affiliate_gateway', c.oid, 'USAGE, SELECT, UPDATE')
                 ELSE false END",
    )
    .await;
}

#[tokio::test]
async fn the_gateway_may_call_its_functions_and_no_others() {
    holds(
        "affiliate_gateway can call every function of affiliate_api and none of another schema",
        "SELECT format('%s: %s', p.oid::regprocedure, x.callable)
         FROM pg_proc AS p JOIN product ON product.oid = p.pronamespace
         CROSS JOIN LATERAL (SELECT has_schema_privilege('affiliate_gateway', product.oid, 'USAGE')
                                AND has_function_privilege('affiliate_gateway', p.oid, 'EXECUTE') AS callable) AS x
         WHERE x.callable <> (product.name = 'affiliate_api')",
    )
    .await;
}

#[tokio::test]
async fn the_roles_cannot_log_in_or_create_anything() {
    holds(
        "the product's roles have no rights of their own in the cluster, and only the owner creates objects",
        "SELECT r.rolname::text FROM pg_roles AS r
         WHERE r.rolname IN ('affiliate_owner', 'affiliate_gateway', 'affiliate_report', 'affiliate_analyst')
           AND (r.rolcanlogin OR r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls)
         UNION ALL
         SELECT format('%s creates in %s', r.rolname, product.name) FROM product
         CROSS JOIN pg_roles AS r
         WHERE r.rolname IN ('affiliate_gateway', 'affiliate_analyst') AND has_schema_privilege(r.rolname, product.oid, 'CREATE')",
    )
    .await;
}

#[tokio::test]
async fn analyst_views_are_barriers_owned_by_the_role_that_reads_their_columns() {
    holds(
        "a view in schema affiliate is a security barrier and belongs to affiliate_report",
        "SELECT c.oid::regclass::text FROM pg_class AS c JOIN product ON product.oid = c.relnamespace
         WHERE product.name = 'affiliate' AND c.relkind = 'v'
           AND NOT (coalesce('security_barrier=true' = ANY (c.reloptions), false) AND pg_get_userbyid(c.relowner) = 'affiliate_report')",
    )
    .await;
}
