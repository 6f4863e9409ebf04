//! Affiliates ask to be paid, the owner decides, a batch takes it up.

use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Project, Shop};
use serde_json::{Value, json};

use super::{BATCHES, affiliate, batch, end, payouts, sell, set_project};
use crate::support::{assert_gone, assert_refused, data, names};

const PATH: &str = "/api/v1/payout-requests";

async fn ask(project: &Project, name: &str) -> Value {
    let body = json!({"email": format!("{name}@example.com")});
    data(&project.post(PATH, &body).await, 201)
}

async fn decide(project: &Project, request: &Value, status: &str) -> Value {
    let path = format!("{PATH}/{}", request["id"]);
    data(&project.put(&path, &json!({"status": status})).await, 200)
}

async fn status(project: &Project, request: &Value) -> String {
    let listed = data(&project.get(PATH).await, 200);
    let mut listed = listed.as_array().expect("a list").iter();
    let found = listed.find(|listed| listed["id"] == request["id"]);
    found.expect("the request")["status"]
        .as_str()
        .expect("a status")
        .to_owned()
}

#[tokio::test]
async fn a_request_waits_for_the_owner_and_then_for_a_batch() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let ada = affiliate(project, "ada").await;
    affiliate(project, "bob").await;
    sell(project, "pi_1", 10_000, "ada").await;
    sell(project, "pi_2", 10_000, "bob").await;
    let request = ask(project, "ada").await;
    assert_eq!(
        names(&request),
        [
            "id",
            "affiliate_id",
            "user_email",
            "amount",
            "currency",
            "status",
            "payout_id",
            "reason",
            "created_at",
            "decided_at"
        ]
    );
    assert_eq!(
        (
            &request["affiliate_id"],
            &request["amount"],
            &request["status"]
        ),
        (&json!(ada), &json!("20.00"), &json!("pending"))
    );
    let again = project
        .post(PATH, &json!({"email": "ada@example.com"}))
        .await;
    assert_refused(&again, 409, "open payout request already");

    let requested = json!({"requested_only": true});
    let none = data(&project.post(BATCHES, &requested).await, 201);
    assert_eq!(
        (&none["payouts"], &none["left_out"]),
        (&json!(0), &json!(2))
    );
    let approved = decide(project, &request, "approved").await;
    assert!(approved["decided_at"].is_string(), "{approved}");
    assert_eq!(decide(project, &request, "approved").await, approved);

    let made = data(&project.post(BATCHES, &requested).await, 201);
    let found = payouts(project, &made).await;
    assert_eq!((found.len(), &found[0]["affiliate_id"]), (1, &json!(ada)));
    assert_eq!(status(project, &request).await, "processing");
    let path = format!("{PATH}/{}", request["id"]);
    let late = project.put(&path, &json!({"status": "rejected"})).await;
    assert_refused(&late, 409, "is processing and cannot become rejected");
    end(project, &found[0], "confirm").await;
    assert_eq!(status(project, &request).await, "paid");
    shop.close().await;
}

#[tokio::test]
async fn a_canceled_payout_leaves_its_request_approved_and_a_failed_one_ends_it() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    affiliate(project, "ada").await;
    sell(project, "pi_1", 10_000, "ada").await;
    let request = ask(project, "ada").await;
    // A batch of everybody is the owner's word too.
    let made = batch(project).await;
    end(project, &payouts(project, &made).await[0], "cancel").await;
    assert_eq!(status(project, &request).await, "approved");
    let made = batch(project).await;
    end(project, &payouts(project, &made).await[0], "fail").await;
    assert_eq!(status(project, &request).await, "failed");
    assert_eq!(ask(project, "ada").await["status"], "pending");
    shop.close().await;
}

#[tokio::test]
async fn only_what_can_be_paid_can_be_asked_for() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    set_project(&shop, json!({"payout_minimum": 25})).await;
    project.add_affiliate("ada@example.com", "ADA").await;
    sell(project, "pi_1", 10_000, "ada").await;
    let body = json!({"email": "ada@example.com"});
    assert_refused(&project.post(PATH, &body).await, 409, "payout method");
    let paypal = json!({"method": "paypal", "paypal_email": "ada@paypal.example"});
    data(
        &project.put(&super::preferences_of("ada"), &paypal).await,
        200,
    );
    let refused = project.post(PATH, &body).await;
    assert_refused(
        &refused,
        409,
        "20.00 USD can be paid out, and the least is 25.00",
    );
    sell(project, "pi_2", 5_000, "ada").await;
    // What is reserved cannot be asked for once more.
    let made = batch(project).await;
    let refused = project.post(PATH, &body).await;
    assert_refused(&refused, 409, "0.00 USD can be paid out");
    end(project, &payouts(project, &made).await[0], "cancel").await;
    assert_eq!(ask(project, "ada").await["amount"], "30.00");
    let nobody = json!({"email": "bob@example.com"});
    assert_refused(
        &project.post(PATH, &nobody).await,
        404,
        "Affiliate not found",
    );
    shop.close().await;
}

#[tokio::test]
async fn requests_are_rejected_canceled_and_filtered() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let ada = affiliate(project, "ada").await;
    affiliate(project, "bob").await;
    sell(project, "pi_1", 10_000, "ada").await;
    sell(project, "pi_2", 10_000, "bob").await;
    let first = ask(project, "ada").await;
    decide(project, &first, "rejected").await;
    set_project(&shop, json!({"payout_approval": "automatic"})).await;
    let second = ask(project, "bob").await;
    assert_eq!(second["status"], "approved");
    let filtered = format!("{PATH}?affiliate_id={ada}&status=rejected");
    let filtered = data(&project.get(&filtered).await, 200);
    assert_eq!(filtered[0]["id"], first["id"]);
    let path = format!("{PATH}/{}", first["id"]);
    let late = project.put(&path, &json!({"status": "approved"})).await;
    assert_refused(&late, 409, "is rejected and cannot become approved");
    // Whoever is deleted asks for nothing.
    assert_gone(&project.delete("/api/v1/affiliates/bob@example.com").await);
    assert_eq!(status(project, &second).await, "canceled");
    let unknown = project
        .put(&format!("{PATH}/99"), &json!({"status": "approved"}))
        .await;
    assert_refused(&unknown, 404, "Payout request not found");
    shop.close().await;
}
