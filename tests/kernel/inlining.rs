//! A scalar kernel costs what its expression costs only if the planner puts the body in the place of the call.

use crate::database::empty_database;
use crate::schema;

const CALLS: [(&str, &str); 3] = [
    ("line_commission", "{schema}.line_commission(a, b, c, d)"),
    ("refund_share", "{schema}.refund_share(a, b, c)"),
    ("release_at", "{schema}.release_at(t, i)"),
];

async fn plan_of(schema_name: &str, call: &str) -> String {
    let client = empty_database().await;
    schema::create_both(&client).await;
    client
        .batch_execute("CREATE TABLE parity.arguments (a bigint, b bigint, c bigint, d bigint, i integer, t timestamptz, l bigint[])")
        .await
        .expect("a table");
    let query = format!(
        "EXPLAIN (VERBOSE, COSTS OFF) SELECT {} FROM parity.arguments",
        call.replace("{schema}", schema_name)
    );
    let rows = client.query(&query, &[]).await.expect("a plan");
    rows.iter()
        .map(|row| row.get::<_, String>(0))
        .collect::<Vec<_>>()
        .join("\n")
}

#[tokio::test]
async fn portable_scalar_kernels_leave_no_call_in_the_plan() {
    for (name, call) in CALLS {
        let plan = plan_of(schema::PORTABLE_COPY, call).await;
        assert!(!plan.contains(name), "{name} is not inlined:\n{plan}");
    }
}

#[tokio::test]
async fn wrappers_leave_only_the_native_call_in_the_plan() {
    let arrays = [
        ("sale_commission", "{schema}.sale_commission(l, l, l, a)"),
        (
            "choose_attribution",
            "{schema}.choose_attribution(l, ARRAY[t], l, ARRAY[true], true)",
        ),
    ];
    for (name, call) in CALLS.into_iter().chain(arrays) {
        let plan = plan_of("affiliate_kernel", call).await;
        assert!(
            plan.contains(&format!("affiliate_native.{name}(")),
            "{name} is not inlined:\n{plan}"
        );
        assert!(
            !plan.contains("affiliate_kernel."),
            "{name} is not inlined:\n{plan}"
        );
    }
}
