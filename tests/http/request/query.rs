//! Query strings.

use reqwest::Method;
use serde_json::json;

use super::{open, refused};

#[tokio::test]
async fn pages_have_their_bounds() {
    let (_shop, api) = open().await;
    for (path, default) in [
        ("affiliates", 20),
        ("conversions", 50),
        ("referrals", 20),
        ("coupons", 50),
    ] {
        for wrong in [
            "-1",
            "0",
            "501",
            "1.5",
            "abc",
            "",
            "1e3",
            "9223372036854775808",
            "%31%zz",
        ] {
            refused(
                400,
                api.request(Method::GET, &format!("/api/v1/{path}?limit={wrong}")),
            )
            .await;
        }
        for wrong in ["-1", "x", "9007199254740992"] {
            refused(
                400,
                api.request(Method::GET, &format!("/api/v1/{path}?offset={wrong}")),
            )
            .await;
        }
        for (query, limit, offset) in [
            ("", default, 0),
            ("?limit=1", 1, 0),
            ("?limit=500&offset=7", 500, 7),
            (
                "?limit=%35&offset=9007199254740991",
                5,
                9_007_199_254_740_991_i64,
            ),
        ] {
            let answer = api.get(&format!("/api/v1/{path}{query}")).await;
            assert_eq!(answer.status, 200, "{path}{query}: {answer:?}");
            let page = &answer.json()["pagination"];
            assert_eq!(
                (&page["limit"], &page["offset"]),
                (&json!(limit), &json!(offset))
            );
            assert_eq!(page["has_more"], json!(false));
        }
    }
    let text = refused(400, api.request(Method::GET, "/api/v1/affiliates?limit=-1")).await;
    assert!(
        text.starts_with("limit must be") && text.ends_with("got \"-1\""),
        "{text}"
    );
}

#[tokio::test]
async fn filters_say_what_they_accept() {
    let (_shop, api) = open().await;
    for wrong in [
        "conversions?paid=maybe",
        "conversions?paid=TRUE",
        "conversions?paid=1",
        "conversions?paid=",
        "conversions?type=refund",
        "conversions?affiliate_id=9223372036854775808",
        "conversions?affiliate_id=0",
        "affiliates?status=deleted",
        "affiliates?status=Active",
        "referrals?status=",
    ] {
        refused(400, api.request(Method::GET, &format!("/api/v1/{wrong}"))).await;
    }
    for right in [
        "conversions?paid=true",
        "conversions?paid=false&type=signup&affiliate_id=9007199254740991",
        "affiliates?status=active",
    ] {
        assert_eq!(
            api.get(&format!("/api/v1/{right}")).await.status,
            200,
            "{right}"
        );
    }
}

#[tokio::test]
async fn times_may_have_an_offset_however_their_plus_is_sent() {
    let (_shop, api) = open().await;
    let sale = json!({"type": "purchase", "base_value": 10, "email": "b@example.com"});
    let request = api.request(Method::POST, "/api/v1/conversions").json(&sale);
    assert_eq!(crate::shop::ask(request).await.status, 201);
    let total = async |query: &str| {
        let answer = api.get(&format!("/api/v1/conversions?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        answer.json()["pagination"]["total"].as_i64()
    };
    for (query, found) in [
        ("from=2020-01-01", 1),
        ("to=2020-01-01", 0),
        ("from=2020-01-01T00:00:00Z", 1),
        ("from=2020-01-01T00:00:00.000Z&to=9999-12-31", 1),
        ("from=2020-01-01T02:00:00%2B02:00", 1),
        ("from=2020-01-01T02:00:00+02:00", 1),
        ("to=2020-01-01T02:00:00-11:30", 0),
    ] {
        assert_eq!(total(query).await, Some(found), "{query}");
    }
    for wrong in [
        "from=yesterday",
        "from=2020-02-30",
        "from=2020-13-01",
        "from=",
        "to=2020-01-01T25:00:00Z",
        "from=2020-01-01T00:00:00%2B99:00",
        "from=now",
        "from=infinity",
    ] {
        refused(
            400,
            api.request(Method::GET, &format!("/api/v1/conversions?{wrong}")),
        )
        .await;
    }
}

#[tokio::test]
async fn a_parameter_is_given_once_and_an_unknown_one_is_ignored() {
    let (_shop, api) = open().await;
    for twice in [
        "limit=1&limit=1",
        "limit=1&%6Cimit=2",
        "status=active&limit=1&status=inactive",
    ] {
        let text = refused(
            400,
            api.request(Method::GET, &format!("/api/v1/affiliates?{twice}")),
        )
        .await;
        assert!(
            text.ends_with("is given more than once; send it once"),
            "{text}"
        );
    }
    for fine in [
        "unknown=1&unknown=2",
        "Limit=0",
        "limit%20=0",
        "&&",
        "x",
        "x=%00",
        "_=1700000000&limit=5&",
    ] {
        let answer = api.get(&format!("/api/v1/affiliates?{fine}")).await;
        assert_eq!(answer.status, 200, "{fine}: {answer:?}");
    }
    for broken in ["x=%", "%zz=1", "limit=%ff", "=", "=1"] {
        let text = refused(
            400,
            api.request(Method::GET, &format!("/api/v1/affiliates?{broken}")),
        )
        .await;
        assert!(text.starts_with("The query string"), "{text}");
    }
}
