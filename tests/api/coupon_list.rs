//! Finding coupons in their list.

use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use serde_json::json;

use crate::support::{add_coupon, assert_refused, data};

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let affiliate = project
        .add_affiliate("affiliate@example.com", "REF123")
        .await;
    let other = project.add_affiliate("other@example.com", "OTHER1").await;
    for (owner, code, status) in [
        (affiliate, "SUMMER_20", "active"),
        (affiliate, "SUMMER-30", "inactive"),
        (other, "summerX20", "active"),
        (other, "WINTER20", "active"),
    ] {
        add_coupon(
            project,
            owner,
            json!({"coupon_code": code, "status": status}),
        )
        .await;
    }
    let cases = [
        ("", vec!["SUMMER_20", "SUMMER-30", "summerX20", "WINTER20"]),
        ("status=inactive", vec!["SUMMER-30"]),
        (
            "coupon_code=sUmMer",
            vec!["SUMMER_20", "SUMMER-30", "summerX20"],
        ),
        ("coupon_code=R_2", vec!["SUMMER_20"]),
        ("coupon_code=%25", vec![]),
        ("coupon_code=%5C", vec![]),
        (
            "coupon_code=20&status=active&limit=2&offset=1",
            vec!["summerX20", "WINTER20"],
        ),
    ];
    for (query, expected) in cases {
        let list = project.get(&format!("/api/v1/coupons?{query}")).await;
        let codes = data(&list, 200);
        let codes: Vec<_> = codes
            .as_array()
            .expect("a list")
            .iter()
            .map(|c| &c["coupon_code"])
            .collect();
        assert_eq!(codes, expected, "{query}");
    }
    let list = project
        .get(&format!("/api/v1/coupons?affiliate_id={other}&limit=1"))
        .await
        .json();
    assert_eq!(
        list["data"][0]["affiliate_email"],
        json!("other@example.com")
    );
    assert_eq!(
        list["pagination"],
        json!({"limit": 1, "offset": 0, "total": 2, "has_more": true})
    );
    let default = project.get("/api/v1/coupons").await.json();
    assert_eq!(default["pagination"]["limit"], json!(50));
    for wrong in [
        "limit=0",
        "limit=501",
        "offset=-1",
        "status=deleted",
        "affiliate_id=x",
    ] {
        let answer = project.get(&format!("/api/v1/coupons?{wrong}")).await;
        assert_refused(&answer, 400, &wrong[..wrong.find('=').unwrap_or(0)]);
    }
}
