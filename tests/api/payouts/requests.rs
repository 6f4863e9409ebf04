//! Affiliates ask to be paid, the owner decides, a batch takes it up.

use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Project, Shop};
use affiliate_tests::wait::until;
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

/// The owner rejects a request, and at that moment somebody pays what is approved; both wait for a third.
#[tokio::test]
async fn what_is_rejected_while_a_batch_waits_is_not_paid() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    affiliate(project, "ada").await;
    sell(project, "pi_1", 10_000, "ada").await;
    let request = ask(project, "ada").await;
    decide(project, &request, "approved").await;
    let third = shop.database.connect_superuser().await;
    let hold = "BEGIN; SELECT affiliate_private.lock_inputs(1, true)";
    third.batch_execute(hold).await.expect("the lock");
    let waiting = async |count: i64| {
        let sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
        until("somebody to wait", async || {
            let row = third.query_one(sql, &[]).await.expect("a count");
            (row.get::<_, i64>(0) >= count).then_some(())
        })
        .await;
    };
    let rejected = decide(project, &request, "rejected");
    let paid = async {
        waiting(1).await;
        let only = json!({"requested_only": true});
        data(&project.post(BATCHES, &only).await, 201)
    };
    let released = async {
        waiting(2).await;
        third.batch_execute("COMMIT").await.expect("the end");
    };
    let (rejected, batch, ()) = tokio::join!(rejected, paid, released);
    assert_eq!(rejected["status"], "rejected");
    assert_eq!(
        (&batch["payouts"], &batch["left_out"]),
        (&json!(0), &json!(1))
    );
    shop.close().await;
}

/// Such a transaction would not see what was reserved, or paid, since it began.
#[tokio::test]
async fn nothing_is_paid_by_what_was_true_some_time_ago() {
    let shop = Shop::open(Profile::Portable).await;
    affiliate(&shop.project, "ada").await;
    sell(&shop.project, "pi_1", 10_000, "ada").await;
    let owner = shop.database.connect().await;
    let begin =
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM affiliate_private.project";
    owner.batch_execute(begin).await.expect("a snapshot");
    batch(&shop.project).await;
    let again = owner
        .query("SELECT affiliate.create_payout_batch(1)", &[])
        .await;
    let refused = again.expect_err("an old snapshot");
    let refused = refused.as_db_error().expect("from Postgres").message();
    assert!(refused.contains("under REPEATABLE READ"), "{refused}");
    owner.batch_execute("ROLLBACK").await.expect("the end");
    shop.close().await;
}
