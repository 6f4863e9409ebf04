//! A project's settings.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

use crate::support::{assert_refused, data, now};

const PATH: &str = "/api/v1/project";

#[tokio::test]
async fn settings_are_read_and_changed_one_by_one() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let mut expected = json!({
        "project_id": project.id, "name": "Shop", "currency": "USD", "hold_days": 30, "commission_percent": 20,
        "commission_fixed": null, "commission_duration": "lifetime", "commission_months": null, "recurring_commission": true,
        "upgrade_commission": true, "commission_base": "net", "on_cancel": "keep", "touch_model": "last", "allow_self_referral": false,
        "tier_percent": 0, "tier_fixed": null, "tier_months": 0, "payout_minimum": 0, "payout_approval": "manual"
    });
    assert_eq!(data(&project.get(PATH).await, 200), expected);
    let changes: [(Value, &[(&str, Value)]); 7] = [
        (
            json!({"name": "Büro", "currency": "eur", "touch_model": "first", "allow_self_referral": true}),
            &[
                ("name", json!("Büro")),
                ("currency", json!("EUR")),
                ("touch_model", json!("first")),
                ("allow_self_referral", json!(true)),
            ],
        ),
        (
            json!({"hold_days": 14, "unknown": 1}),
            &[("hold_days", json!(14))],
        ),
        (
            json!({"commission_fixed": 12.5, "commission_percent": null}),
            &[
                ("commission_fixed", json!(12.5)),
                ("commission_percent", Value::Null),
            ],
        ),
        (
            json!({"commission_percent": 12.3456}),
            &[
                ("commission_fixed", Value::Null),
                ("commission_percent", json!(12.3456)),
            ],
        ),
        (
            json!({"commission_months": 6}),
            &[
                ("commission_duration", json!("limited")),
                ("commission_months", json!(6)),
            ],
        ),
        (
            json!({"commission_duration": "first_purchase", "recurring_commission": false, "upgrade_commission": false}),
            &[
                ("commission_duration", json!("first_purchase")),
                ("commission_months", Value::Null),
                ("recurring_commission", json!(false)),
                ("upgrade_commission", json!(false)),
            ],
        ),
        (
            json!({"commission_duration": "limited", "commission_base": "gross", "on_cancel": "reverse_held"}),
            &[
                ("commission_duration", json!("limited")),
                ("commission_months", json!(12)),
                ("commission_base", json!("gross")),
                ("on_cancel", json!("reverse_held")),
            ],
        ),
    ];
    for (body, members) in changes {
        for (name, value) in members {
            expected[name] = value.clone();
        }
        assert_eq!(data(&project.put(PATH, &body).await, 200), expected);
        assert_eq!(data(&project.get(PATH).await, 200), expected);
    }
    // What was read can be written back.
    let before = data(&project.get(PATH).await, 200);
    assert_eq!(data(&project.put(PATH, &before).await, 200), before);
}

#[tokio::test]
async fn wrong_settings_are_400_and_change_nothing() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let before = data(&project.get(PATH).await, 200);
    for (body, words) in [
        (json!({}), "No updatable field"),
        (json!({"commission_percent": null}), "No updatable field"),
        (json!({"hold_days": 366}), "hold_days"),
        (json!({"hold_days": "14"}), "hold_days"),
        (json!({"commission_percent": 100.1}), "commission_percent"),
        (
            json!({"commission_percent": 1.23456}),
            "at most four decimals",
        ),
        (
            json!({"commission_percent": 10, "commission_fixed": 5}),
            "not both",
        ),
        (
            json!({"commission_fixed": 0.001}),
            "more decimals than USD allows",
        ),
        (json!({"currency": "XX9"}), "currency"),
        (json!({"currency": "ZZZ"}), "unknown currency"),
        (json!({"name": " "}), "name"),
        (
            json!({"hold_days": 1, "touch_model": "middle"}),
            "touch_model",
        ),
    ] {
        assert_refused(&project.put(PATH, &body).await, 400, words);
    }
    assert_eq!(data(&project.get(PATH).await, 200), before);
}

#[tokio::test]
async fn a_new_commission_and_hold_are_for_later_sales() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        project
            .deliver(&Event::sale("pi_1", 10_000).code("ADA").at(now().await))
            .await;
        data(
            &project
                .put(PATH, &json!({"commission_percent": 50, "hold_days": 0}))
                .await,
            200,
        );
        project
            .deliver(&Event::sale("pi_2", 10_000).code("ADA").at(now().await))
            .await;
        let stats = project.affiliate("ada@example.com").await;
        let earnings = ["total_earnings", "held_earnings", "eligible_earnings"];
        assert_eq!(
            earnings.map(|name| &stats[name]),
            ["70.00", "20.00", "50.00"]
        );
        let answer = project.put(PATH, &json!({"currency": "EUR"})).await;
        assert_refused(&answer, 409, "currency");
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn the_currency_stays_once_there_are_amounts_in_it() {
    let shop = Shop::open(Profile::Portable).await;
    let commission = "/api/v1/affiliates/ada@example.com/commission";
    let product = "/api/v1/products/stripe/prod_1";
    let levels = "/api/v1/commission-levels";
    let gold = json!({"name": "Gold", "commission_percent": 30, "minimum_earned": 500});
    let fixed = json!({"commission_fixed": 3});
    let rates = "/api/v1/exchange-rates";
    let pounds = json!({"currency": "GBP", "rate": 1.25});
    for (path, body, words) in [
        (PATH, fixed.clone(), "fixed commissions"),
        (PATH, json!({"tier_fixed": 1}), "fixed commissions"),
        (commission, fixed.clone(), "fixed commissions"),
        (product, fixed, "fixed commissions"),
        (levels, gold, "levels to be reached by earnings"),
        (rates, pounds, "exchange rates"),
        (PATH, json!({"payout_minimum": 10}), "payout_minimum"),
    ] {
        let project = shop.add_project(&[]).await;
        project.add_affiliate("ada@example.com", "ADA").await;
        if [levels, rates].contains(&path) {
            data(&project.post(path, &body).await, 201);
        } else {
            data(&project.put(path, &body).await, 200);
        }
        let before = data(&project.get(PATH).await, 200);
        let answer = project.put(PATH, &json!({"currency": "EUR"})).await;
        assert_refused(&answer, 409, words);
        // The same currency is no change.
        let same = project.put(PATH, &json!({"currency": "usd"})).await;
        assert_eq!(data(&same, 200), before);
    }
    let project = shop.add_project(&[]).await;
    data(
        &project.post("/api/v1/payout-batches", &json!({})).await,
        201,
    );
    let answer = project.put(PATH, &json!({"currency": "EUR"})).await;
    assert_refused(&answer, 409, "payout batches");
    // What a project pays out at least can be said anew.
    let project = &shop.project;
    data(
        &project.put(PATH, &json!({"payout_minimum": 10})).await,
        200,
    );
    let yen = json!({"payout_minimum": 1000, "currency": "JPY"});
    let changed = data(&project.put(PATH, &yen).await, 200);
    assert_eq!(
        (&changed["payout_minimum"], &changed["currency"]),
        (&json!(1000), &json!("JPY"))
    );
    shop.close().await;
}
