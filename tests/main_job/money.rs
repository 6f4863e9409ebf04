//! What a sale pays, to the minor unit, with both kernels.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

/// Sells on a fresh project and gives the one conversion and what its affiliate has earned.
async fn sell(shop: &Shop, options: &[&str], sale: Event) -> (Value, Value) {
    let project = shop.add_project(options).await;
    project.add_affiliate("ada@example.com", "ADA").await;
    assert_eq!(project.deliver(&sale.code("ADA")).await, "applied");
    let mut conversions = project.conversions().await;
    assert_eq!(conversions.len(), 1, "{conversions:?}");
    (
        conversions.remove(0),
        project.affiliate("ada@example.com").await,
    )
}

#[tokio::test]
async fn percentages_are_rounded_half_away_from_zero() {
    // Options, amount paid, and what it pays: as the conversion's number and as the affiliate's text.
    let cases: &[(&[&str], i64, Value, &str)] = &[
        // 20 % of 9999 is 1999.8, of 4999 is 999.8.
        (&[], 9999, json!(20), "20.00"),
        (&[], 4999, json!(10), "10.00"),
        // 20 % of 3 is 0.6, of 2 is 0.4.
        (&[], 3, json!(0.01), "0.01"),
        (&[], 2, json!(0), "0.00"),
        // 50 % of 1 is 0.5 and of 5 is 2.5: up, not to the even neighbour.
        (&["--commission-percent", "50"], 1, json!(0.01), "0.01"),
        (&["--commission-percent", "50"], 5, json!(0.03), "0.03"),
        // 12.5 % of 12 is 1.5, of 20 is 2.5.
        (&["--commission-percent", "12.5"], 12, json!(0.02), "0.02"),
        (&["--commission-percent", "12.5"], 20, json!(0.03), "0.03"),
        // 33.3333 % of 3000000 is 999999.
        (
            &["--commission-percent", "33.3333"],
            3_000_000,
            json!(9999.99),
            "9999.99",
        ),
        // 100 % of the largest amount there is.
        (
            &["--commission-percent", "100"],
            9_000_000_000_000,
            json!(90_000_000_000_i64),
            "90000000000.00",
        ),
    ];
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        for (options, amount, value, earned) in cases {
            let (conversion, stats) = sell(&shop, options, Event::sale("pi_1", *amount)).await;
            assert_eq!(conversion["value"], *value, "{options:?} {amount}");
            assert_eq!(stats["total_earnings"], *earned, "{options:?} {amount}");
        }
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn currencies_without_and_with_three_decimals_keep_their_own_units() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        // ¥9,999 pays ¥2,000 (1999.8); 9.999 KD pays 2.000 KD (1.9998).
        let cases = [
            ("jpy", 9999, json!(2000), json!(9999), "2000"),
            ("kwd", 9999, json!(2), json!(9.999), "2.000"),
            ("eur", 9999, json!(20), json!(99.99), "20.00"),
        ];
        for (currency, amount, value, base, earned) in cases {
            let upper = currency.to_uppercase();
            let sale = Event::sale("pi_1", amount).currency(currency);
            let (conversion, stats) = sell(&shop, &["--currency", &upper], sale).await;
            assert_eq!(
                (&conversion["value"], &conversion["base_value"]),
                (&value, &base)
            );
            assert_eq!(conversion["base_value_currency"], upper);
            assert_eq!(stats["total_earnings"], earned);
        }
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_fixed_commission_is_paid_per_sale_whatever_its_size() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let fixed = ["--commission-fixed", "12.34"];
        let (conversion, _) = sell(&shop, &fixed, Event::sale("pi_1", 9999)).await;
        assert_eq!(conversion["value"], json!(12.34));
        let (conversion, stats) = sell(&shop, &fixed, Event::sale("pi_1", 100)).await;
        assert_eq!(conversion["value"], json!(12.34));
        assert_eq!(stats["total_earnings"], "12.34");
        // Nothing was paid, so nothing is owed.
        let (conversion, _) = sell(&shop, &fixed, Event::sale("pi_1", 0)).await;
        assert_eq!(conversion["value"], json!(0));
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn tax_and_shipping_earn_nothing() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        // 119.00 paid, of it 19.00 tax and 5.01 shipping: 20 % of 94.99 is 18.998.
        let sale = Event::sale("pi_1", 11_900).tax(1900).shipping(501);
        let (conversion, _) = sell(&shop, &[], sale).await;
        assert_eq!(
            (&conversion["base_value"], &conversion["value"]),
            (&json!(94.99), &json!(19))
        );
        // No figures for tax and shipping are none.
        let sale = Event::sale("pi_1", 9999).object("total_details", json!(null));
        let (conversion, _) = sell(&shop, &[], sale).await;
        assert_eq!(conversion["value"], json!(20));
        shop.close().await;
    }
}

#[tokio::test]
async fn another_currency_is_paid_at_the_rate_in_force() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        let owner = shop.database.connect().await;
        let rates = "
            SELECT affiliate.set_exchange_rate($1, 'EUR', '1.10', '2026-01-01Z'), affiliate.set_exchange_rate($1, 'EUR', '1.20', '2026-02-01Z'),
                   affiliate.set_exchange_rate($1, 'JPY', '0.0064', '2026-01-01Z')";
        owner.execute(rates, &[&project.id]).await.expect("rates");
        const JANUARY: i64 = 1_768_000_000;
        const FEBRUARY: i64 = 1_770_500_000;
        let sold = async |payment, amount, currency, at| {
            let sale = Event::sale(payment, amount).currency(currency).code("ADA");
            project.deliver(&sale.at(at)).await;
            project
                .conversions()
                .await
                .into_iter()
                .find(|conversion| conversion["reference"] == payment)
                .expect("the sale")
        };
        // 20 % of 99.99 EUR is 19.998 EUR: at 1.10 that is 21.9978, at 1.20 23.9976.
        let conversion = sold("pi_1", 9999, "eur", JANUARY).await;
        assert_eq!(
            (
                &conversion["value"],
                &conversion["base_value"],
                &conversion["base_value_currency"]
            ),
            (&json!(22), &json!(99.99), &json!("EUR"))
        );
        assert_eq!(
            sold("pi_2", 9999, "eur", FEBRUARY).await["value"],
            json!(24)
        );
        // 20 % of ¥10,001 is ¥2,000.2: at 0.0064 that is 12.80128 dollars.
        assert_eq!(
            sold("pi_3", 10_001, "jpy", JANUARY).await["value"],
            json!(12.8)
        );
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_rate_entered_later_for_an_earlier_time_corrects_the_sales_it_covers() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        let owner = shop.database.connect().await;
        let set = "SELECT affiliate.set_exchange_rate($1, 'EUR', $2, $3::text::timestamptz)";
        let rate = async |rate: &str, at: &str| {
            let set = owner.execute(set, &[&project.id, &rate, &at]).await;
            set.unwrap_or_else(|error| panic!("{error:?}"));
        };
        rate("1.20", "2026-02-01Z").await;
        // Sold on 2026-01-09, before any rate: the first one there is counts. 10 EUR at 1.20.
        let sale = Event::sale("pi_1", 5000).currency("eur").code("ADA");
        project.deliver(&sale.at(1_768_000_000)).await;
        let earned = async || project.affiliate("ada@example.com").await["total_earnings"].take();
        assert_eq!(earned().await, "12.00");
        // Now another is the first, though it begins after the sale too.
        rate("1.10", "2026-01-20Z").await;
        assert_eq!(earned().await, "11.00");
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_setting_from_before_the_projects_first_covers_the_sales_before_it_too() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        let sale = Event::sale("pi_1", 5000).code("ADA").at(1_768_000_000);
        project.deliver(&sale).await;
        let owner = shop.database.connect().await;
        let set = "SELECT affiliate.set_project($1, '{\"commission_percent\": 30}', '2026-01-20Z')";
        owner.execute(set, &[&project.id]).await.expect("a setting");
        let stats = project.affiliate("ada@example.com").await;
        assert_eq!(stats["total_earnings"], "15.00");
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn an_old_sale_without_a_rate_does_not_stand_in_the_way_of_its_code() {
    let shop = Shop::open(Profile::Portable).await;
    let sale = Event::sale("pi_1", 10_000).currency("eur").code("GOLD");
    // Nobody owns the code, so that no rate is needed.
    assert_eq!(shop.project.deliver(&sale).await, "applied");
    let gold = shop.project.add_affiliate("gold@example.com", "GOLD").await;
    assert_eq!(
        shop.project.conversions().await[0]["affiliate_id"],
        Value::Null
    );
    assert_clean(&shop.database).await;
    let rate = json!({"currency": "EUR", "rate": 1.1});
    let set = shop.project.post("/api/v1/exchange-rates", &rate).await;
    assert_eq!(set.status, 201, "{}", set.text);
    let conversion = shop.project.conversions().await.remove(0);
    // 20 % of 100.00 EUR at 1.1 is 22.00.
    assert_eq!(
        (&conversion["affiliate_id"], &conversion["value"]),
        (&json!(gold), &json!(22))
    );
    assert_clean(&shop.database).await;
}
