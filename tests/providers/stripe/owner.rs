//! Whom hints speak for: a code that changes hands, several hints of one moment.

use super::*;

const BOB: &str = "SELECT (affiliate_api.create_affiliate($1, '{\"email\":\"bob@example.com\",\"referral_code\":\"BOB\"}') #>> '{data,id}')::bigint AS id";

#[tokio::test]
async fn a_code_that_was_nobodys_when_it_was_first_named_stays_so_for_its_subscription() {
    // Ada's, then nobody's when the customer comes, then Bob's.
    let bobs = format!(
        "WITH bob AS ({BOB})
         INSERT INTO affiliate_private.attribution_code (project_id, namespace, code_key, effective_at, affiliate_id, label)
         SELECT $1, 'referral', 'late', v.since::timestamptz, CASE v.owner WHEN 'ada' THEN a.affiliate_id WHEN 'bob' THEN bob.id END, 'LATE'
         FROM bob, affiliate_private.affiliate AS a,
              (VALUES ('-infinity', 'ada'), ('2026-01-02 00:00Z', NULL), ('2026-01-25 00:00Z', 'bob')) AS v (since, owner)
         WHERE a.project_id = $1 AND a.email = 'ada@example.com'"
    );
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let paid = |id: &str| {
            Event::invoice(id, "sub_1", "subscription_cycle", 5000)
                .object("metadata", json!({"referral_code": "LATE"}))
        };
        let first = paid("in_1").at(JANUARY);
        let renewal = paid("in_2").at(FEBRUARY);
        let project = intake.permute(&[&bobs], &[&first, &renewal]).await;
        assert_eq!(
            intake.sales_of(project).await,
            ["in_1", "in_2"]
                .map(|sale| format!("{sale} of 50.00 pays 0.00 less 0.00 to nobody (none)"))
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn hints_of_one_moment_have_the_order_of_evidence_for_later_sales_too() {
    let intake = Intake::open(Profile::Portable).await;
    // Bob, who joined later, by the stronger of two hints.
    let sale = Event::sale("pi_1", 5000).customer("cus_1").code("BOB");
    let sale = sale.object("client_reference_id", json!("ADA"));
    let silent = Event::sale("pi_2", 5000).customer("cus_1").at(MARCH);
    let project = intake.permute(&[BOB], &[&sale.at(FEBRUARY), &silent]).await;
    assert_eq!(
        intake.sales_of(project).await,
        [
            "pi_1 of 50.00 pays 10.00 less 0.00 to bob@example.com (metadata)",
            "pi_2 of 50.00 pays 10.00 less 0.00 to bob@example.com (email)",
        ]
    );
    intake.close().await;
}
