//! Another project's key reads nothing of this project, on any path of the document.

use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use serde_json::json;

/// Stands in everything that this project keeps.
const MARK: &str = "zanzibar";

#[tokio::test]
async fn no_path_shows_another_projects_key_anything() {
    let shop = Shop::open(Profile::Portable).await;
    let (mine, theirs) = (&shop.project, shop.add_project(&[]).await);
    let affiliate = mine
        .add_affiliate(&format!("{MARK}@example.com"), MARK)
        .await;
    let customer = format!("{MARK}.customer@example.com");
    let sale = json!({"type": "purchase", "base_value": 50, "affiliate_id": affiliate, "email": customer, "reference": MARK});
    let sale = mine.post("/api/v1/conversions", &sale).await;
    assert_eq!(sale.status, 201, "{}", sale.text);
    let coupon = json!({"affiliate_id": affiliate, "coupon_code": MARK});
    let coupon = mine.post("/api/v1/coupons", &coupon).await;
    assert_eq!(coupon.status, 201, "{}", coupon.text);

    let document = mine.get("/openapi.json").await.json();
    let known = [
        format!("{MARK}%40example.com"),
        customer.replace('@', "%40"),
        MARK.to_owned(),
        mine.id.to_string(),
        affiliate.to_string(),
        sale.json()["data"]["id"].to_string(),
        coupon.json()["data"]["id"].to_string(),
    ];
    let paths = document["paths"].as_object().expect("paths");
    let mut shown_to_me = 0;
    for (path, _) in paths.iter().filter(|(_, item)| item["get"].is_object()) {
        for target in targets(path, &known) {
            let answer = theirs.get(&target).await;
            // A refusal may repeat what was asked.
            let is_echo = answer.status == 400 && target.contains(MARK);
            let shows = answer.text.contains(MARK) && !is_echo;
            assert!(!shows, "{target}: {}", answer.text);
            shown_to_me += usize::from(mine.get(&target).await.text.contains(MARK));
        }
    }
    assert!(
        shown_to_me >= 8,
        "the paths do lead to what is kept: {shown_to_me}"
    );
    shop.close().await;
}

/// The path with everything that is known in place of its parameters.
fn targets(path: &str, known: &[String]) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else {
        return vec![path.to_owned()];
    };
    let after = rest.split_once('}').map_or("", |(_, after)| after);
    let tails = targets(after, known);
    let with = |value: &String| {
        tails
            .iter()
            .map(move |tail| format!("{before}{value}{tail}"))
            .collect::<Vec<_>>()
    };
    known.iter().flat_map(with).collect()
}
