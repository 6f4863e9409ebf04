//! Pages and totals of the conversions list against a plain count, whatever the filters.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use serde_json::{Value, json};
use tokio_postgres::Client;

/// Enough for several folds of the counts, spread over four days and two affiliates.
const SEED: &str = "
    SELECT affiliate_private.apply_fact($1, 'api', 'api_' || n, timestamptz '2026-03-01 00:00:00Z' + n * interval '437 seconds',
      jsonb_build_object('email', 'c' || n % 40 || '@example.com',
        'sale', jsonb_build_object('key', 'api_' || n, 'type', CASE WHEN n % 5 = 0 THEN 'signup' ELSE 'purchase' END, 'currency', 'USD',
                                   'gross_minor', n, 'lines', jsonb_build_array(jsonb_build_object('base_minor', n))),
        'evidence', CASE WHEN n % 40 < 10 THEN '[]'::jsonb ELSE
          jsonb_build_array(jsonb_build_object('source', 'manual', 'namespace', 'affiliate', 'code', ((ARRAY[$2::bigint, $3::bigint])[1 + n % 2])::text)) END))
    FROM generate_series(1, 800) AS n";

async fn seeded() -> (Shop, Client, [i64; 2]) {
    let shop = Shop::open(Profile::Portable).await;
    let affiliates = [
        shop.project.add_affiliate("ada@example.com", "ADA").await,
        shop.project.add_affiliate("bob@example.com", "BOB").await,
    ];
    let client = shop.database.connect_superuser().await;
    let seeded = client
        .execute(SEED, &[&shop.project.id, &affiliates[0], &affiliates[1]])
        .await;
    seeded.expect("conversions");
    let pay = "SELECT affiliate_private.settle_sale(c.project_id, c.sale_id, true) FROM affiliate_private.conversion AS c
               WHERE c.project_id = $1 AND c.conversion_id % 3 = 0";
    client
        .execute(pay, &[&shop.project.id])
        .await
        .expect("payouts");
    (shop, client, affiliates)
}

/// Ids and total by the plainest query there is.
async fn expected(client: &Client, filter: &str) -> (Vec<i64>, usize) {
    let sql = format!(
        "SELECT c.conversion_id FROM affiliate_private.conversion AS c WHERE c.deleted_at IS NULL AND {filter}
         ORDER BY c.occurred_at DESC, c.conversion_id DESC"
    );
    let rows = client.query(&sql, &[]).await.expect("conversions");
    let ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    let total = ids.len();
    (ids, total)
}

async fn listed(shop: &Shop, query: &str) -> (Vec<i64>, Value) {
    let answer = shop
        .project
        .get(&format!("/api/v1/conversions?{query}"))
        .await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    let body = answer.json();
    let data = body["data"].as_array().expect("a list");
    let ids = data.iter().map(|one| one["id"].as_i64().expect("an id"));
    (ids.collect(), body["pagination"].clone())
}

#[tokio::test]
async fn totals_and_pages_are_those_of_a_plain_query_under_every_filter() {
    let (shop, client, [ada, bob]) = seeded().await;
    let user = shop
        .project
        .get("/api/v1/referrals/c12@example.com")
        .await
        .json()["data"]["id"]
        .clone();
    let bounds = [
        (String::new(), "true".to_owned()),
        (
            "&from=2026-03-02".to_owned(),
            "c.occurred_at >= '2026-03-02 00:00Z'".to_owned(),
        ),
        (
            "&to=2026-03-03T12:30:00%2B02:00".to_owned(),
            "c.occurred_at <= '2026-03-03 10:30Z'".to_owned(),
        ),
        (
            "&from=2026-03-01T20:00:00Z&to=2026-03-04T01:00:00Z".to_owned(),
            "c.occurred_at BETWEEN '2026-03-01 20:00Z' AND '2026-03-04 01:00Z'".to_owned(),
        ),
        (
            "&from=2026-03-02T10:00:00Z&to=2026-03-02T11:00:00Z".to_owned(),
            "c.occurred_at BETWEEN '2026-03-02 10:00Z' AND '2026-03-02 11:00Z'".to_owned(),
        ),
        (
            "&from=2026-03-02T23:00:00Z&to=2026-03-03T01:00:00Z".to_owned(),
            "c.occurred_at BETWEEN '2026-03-02 23:00Z' AND '2026-03-03 01:00Z'".to_owned(),
        ),
        (
            "&from=2026-03-04&to=2026-03-01".to_owned(),
            "false".to_owned(),
        ),
        // Both ends belong to the range: conversion 1 is at 00:07:17.
        (
            "&from=2026-03-01T00:07:17Z&to=2026-03-01T00:07:17Z".to_owned(),
            "c.occurred_at = '2026-03-01 00:07:17Z'".to_owned(),
        ),
    ];
    let filters = [
        (String::new(), "true".to_owned()),
        ("&type=signup".to_owned(), "c.type = 'signup'".to_owned()),
        ("&paid=true".to_owned(), "c.paid".to_owned()),
        (
            "&paid=false&type=purchase".to_owned(),
            "NOT c.paid AND c.type = 'purchase'".to_owned(),
        ),
        (
            format!("&affiliate_id={ada}"),
            format!("c.affiliate_id = {ada}"),
        ),
        (
            format!("&affiliate_id={bob}&paid=true&type=purchase"),
            format!("c.affiliate_id = {bob} AND c.paid AND c.type = 'purchase'"),
        ),
        (
            format!("&referred_user_id={user}"),
            format!("c.referred_user_id = {user}"),
        ),
        ("&affiliate_id=4711".to_owned(), "false".to_owned()),
    ];
    for (bound_query, bound) in &bounds {
        for (filter_query, filter) in &filters {
            let (ids, total) = expected(&client, &format!("{bound} AND {filter}")).await;
            for (limit, offset) in [(50, 0), (7, 3), (500, 0), (10, 795)] {
                let query = format!("limit={limit}&offset={offset}{bound_query}{filter_query}");
                let (found, pagination) = listed(&shop, &query).await;
                let page: Vec<_> = ids.iter().copied().skip(offset).take(limit).collect();
                assert_eq!(found, page, "{query}");
                let more = offset + limit < total;
                assert_eq!(
                    pagination,
                    json!({"limit": limit, "offset": offset, "total": total, "has_more": more}),
                    "{query}"
                );
            }
        }
    }
}

#[tokio::test]
async fn counts_follow_edits_and_deletions() {
    let (shop, client, [ada, _]) = seeded().await;
    for (id, body) in [
        (7, r#"{"type":"signup"}"#),
        (8, r#"{"paid":true}"#),
        (9, r#"{"paid":false}"#),
    ] {
        let path = format!("/api/v1/conversions/{id}");
        let answer = shop
            .project
            .send(reqwest::Method::PUT, &path, Some(body.as_bytes().to_vec()))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let deleted = shop
        .project
        .send(
            reqwest::Method::DELETE,
            "/api/v1/affiliates/bob@example.com",
            None,
        )
        .await;
    assert_eq!(deleted.status, 204, "{}", deleted.text);
    for (query, filter) in [
        ("limit=5", "true".to_owned()),
        ("type=signup", "c.type = 'signup'".to_owned()),
        (
            "affiliate_id=1&paid=true",
            format!("c.affiliate_id = {ada} AND c.paid"),
        ),
    ] {
        let (_, total) = expected(&client, &filter).await;
        let (_, pagination) = listed(&shop, query).await;
        assert_eq!(pagination["total"], json!(total), "{query}");
    }
    assert_clean(&shop.database).await;
}
