//! Commission narrower than the project's, and exchange rates.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

use crate::support::{assert_gone, assert_refused, data, names, now};

#[tokio::test]
async fn an_affiliates_own_commission_counts_while_it_lasts() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        let ada = project.add_affiliate("ada@example.com", "ADA").await;
        let path = "/api/v1/affiliates/ada@example.com/commission";
        let sold = async |payment: &str| {
            let sale = Event::sale(payment, 10_000).code("ADA").at(now().await);
            project.deliver(&sale).await;
            project.affiliate("ada@example.com").await["total_earnings"].clone()
        };
        assert_refused(&project.get(path).await, 404, "no commission of its own");
        assert_refused(&project.delete(path).await, 404, "no commission of its own");
        assert_eq!(sold("pi_1").await, "20.00");

        let rule = data(
            &project
                .put(path, &json!({"commission_percent": 35.5}))
                .await,
            200,
        );
        assert_eq!(
            rule,
            json!({"affiliate_id": ada, "user_email": "ada@example.com", "commission_percent": 35.5, "commission_fixed": null,
                   "effective_at": rule["effective_at"]})
        );
        assert_eq!(data(&project.get(path).await, 200), rule);
        assert_eq!(sold("pi_2").await, "55.50");
        let rule = data(
            &project.put(path, &json!({"commission_fixed": 4.5})).await,
            200,
        );
        assert_eq!(
            (&rule["commission_percent"], &rule["commission_fixed"]),
            (&Value::Null, &json!(4.5))
        );
        assert_eq!(sold("pi_3").await, "60.00");
        assert_gone(&project.delete(path).await);
        assert_refused(&project.get(path).await, 404, "no commission of its own");
        assert_eq!(sold("pi_4").await, "80.00");
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn products_with_a_commission_of_their_own_are_listed() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    for (path, body) in [
        ("stripe/prod_B", json!({"commission_percent": 30})),
        ("stripe/prod_A", json!({"commission_fixed": 5})),
        ("paddle/pro%2F1", json!({"commission_percent": 0})),
        (
            "stripe/prod_A",
            json!({"commission_percent": 12.5, "commission_fixed": null}),
        ),
    ] {
        let answer = project
            .put(&format!("/api/v1/products/{path}"), &body)
            .await;
        let rule = data(&answer, 200);
        assert_eq!(rule["commission_percent"], body["commission_percent"]);
    }
    let listed = async |query: &str| {
        let answer = project.get(&format!("/api/v1/products{query}")).await;
        let rules = data(&answer, 200);
        let rules = rules.as_array().expect("a list").clone();
        rules
            .iter()
            .map(|rule| {
                json!([
                    rule["provider"],
                    rule["product_key"],
                    rule["commission_percent"]
                ])
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        listed("").await,
        [
            json!(["paddle", "pro/1", 0]),
            json!(["stripe", "prod_A", 12.5]),
            json!(["stripe", "prod_B", 30])
        ]
    );
    assert_eq!(
        listed("?provider=stripe&limit=1&offset=1").await,
        [json!(["stripe", "prod_B", 30])]
    );
    assert_gone(&project.delete("/api/v1/products/stripe/prod_A").await);
    assert_refused(
        &project.delete("/api/v1/products/stripe/prod_A").await,
        404,
        "no commission of its own",
    );
    assert_eq!(
        listed("?provider=stripe").await,
        [json!(["stripe", "prod_B", 30])]
    );
}

#[tokio::test]
async fn a_commission_is_a_percentage_or_a_fixed_amount() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    project.add_affiliate("ada@example.com", "ADA").await;
    for path in [
        "/api/v1/affiliates/ada@example.com/commission",
        "/api/v1/products/stripe/prod_1",
    ] {
        for (body, words) in [
            (json!({}), "either"),
            (json!({"commission_percent": null}), "either"),
            (
                json!({"commission_percent": 1, "commission_fixed": 1}),
                "either",
            ),
            (json!({"commission_percent": -1}), "commission_percent"),
            (json!({"commission_percent": "20"}), "commission_percent"),
            (json!({"commission_fixed": 1.999}), "more decimals"),
        ] {
            assert_refused(&project.put(path, &body).await, 400, words);
        }
    }
    let body = json!({"commission_percent": 1});
    let answer = project.put("/api/v1/products/shopify/prod_1", &body).await;
    assert_refused(&answer, 400, "provider must be");
    let answer = project
        .put("/api/v1/affiliates/nobody@example.com/commission", &body)
        .await;
    assert_refused(&answer, 404, "Affiliate not found");
}

#[tokio::test]
async fn a_sale_in_another_currency_waits_for_its_rate() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        let sale = Event::sale("pi_1", 10_000).currency("eur").code("ADA");
        assert_eq!(project.deliver(&sale).await, "parked");
        let rates = "/api/v1/exchange-rates";
        let rate = data(
            &project
                .post(rates, &json!({"currency": "eur", "rate": 1.100000001}))
                .await,
            201,
        );
        assert_eq!(names(&rate), ["currency", "rate", "effective_at"]);
        assert_eq!(
            (&rate["currency"], &rate["rate"]),
            (&json!("EUR"), &json!(1.100000001))
        );
        assert_eq!(project.deliver(&sale).await, "applied");
        assert_eq!(
            project.affiliate("ada@example.com").await["total_earnings"],
            "22.00"
        );

        // For an earlier time: the sale is settled again.
        let earlier = json!({"currency": "EUR", "rate": 1.2, "effective_at": "2020-01-01"});
        let earlier = data(&project.post(rates, &earlier).await, 201);
        assert_eq!(earlier["effective_at"], "2020-01-01T00:00:00.000Z");
        assert_eq!(
            project.affiliate("ada@example.com").await["total_earnings"],
            "24.00"
        );
        let jpy = data(
            &project
                .post(rates, &json!({"currency": "JPY", "rate": 64e-4}))
                .await,
            201,
        );
        assert_eq!(
            data(&project.get(rates).await, 200),
            json!([rate, earlier, jpy])
        );
        assert_eq!(
            data(
                &project.get("/api/v1/exchange-rates?currency=jpy").await,
                200
            ),
            json!([jpy])
        );
        for (body, words) in [
            (json!({"currency": "EUR"}), "rate"),
            (json!({"currency": "EUR", "rate": 0}), "rate"),
            (
                json!({"currency": "EUR", "rate": 1.0000000001}),
                "nine decimals",
            ),
            (json!({"currency": "ZZZ", "rate": 1}), "unknown currency"),
            (
                json!({"currency": "EUR", "rate": 1, "effective_at": "soon"}),
                "effective_at",
            ),
        ] {
            assert_refused(&project.post(rates, &body).await, 400, words);
        }
        let own = json!({"currency": "USD", "rate": 1});
        assert_refused(&project.post(rates, &own).await, 409, "own currency");
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}
