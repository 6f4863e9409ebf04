//! One event more does not settle a long history again: how many sales each of them settles, which is what it costs.

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{Profile, TestDatabase};
use serde_json::Value;
use tokio_postgres::Client;

use crate::batch::{project, unclean};
use crate::story::DAY;
use crate::told::{end, invoice, invoice_payment, refund, session, subscription};

const START: i64 = 1_767_225_600;
/// Enough to tell a handful from all.
const RENEWALS: i64 = 40;

/// A customer who has paid for one subscription all those days.
struct Customer {
    database: TestDatabase,
    client: Client,
    project: i64,
}

impl Customer {
    async fn loyal() -> Self {
        let database = Cluster::shared()
            .await
            .create_database(Profile::Native)
            .await;
        let client = database.connect_superuser().await;
        let project = project(&client).await;
        let customer = Self {
            database,
            client,
            project,
        };
        customer
            .settled_by(&subscription("sub_1", START, "cus_1", "ADA"))
            .await;
        // Somebody whose email is known: else each email learnt later names the buyer of every earlier sale.
        let who = (Some("cus_1"), Some("loyal@example.com"));
        customer
            .settled_by(&session("pi_0", START, who, None, Some(500)))
            .await;
        for n in 1..=RENEWALS {
            customer
                .settled_by(&invoice(
                    &format!("in_{n}"),
                    START + n * DAY,
                    "sub_1",
                    "cus_1",
                    1000,
                ))
                .await;
        }
        customer
    }

    /// How many times a sale was settled because of this event.
    async fn settled_by(&self, event: &Value) -> i64 {
        let count = "SELECT coalesce(pg_stat_get_xact_function_calls('affiliate_private.settle_sale'::regproc), 0)";
        self.client
            .batch_execute("BEGIN; SET LOCAL track_functions = 'pl'")
            .await
            .expect("a transaction");
        let before: i64 = self
            .client
            .query_one(count, &[])
            .await
            .expect("a count")
            .get(0);
        let receive =
            "SELECT affiliate_private.receive_event($1, 'stripe', NULL, $2) :: json ->> 'status'";
        let body = event.to_string().into_bytes();
        let status: String = self
            .client
            .query_one(receive, &[&self.project, &body])
            .await
            .expect("an answer")
            .get(0);
        assert_eq!(status, "applied", "{event}");
        let after: i64 = self
            .client
            .query_one(count, &[])
            .await
            .expect("a count")
            .get(0);
        self.client.batch_execute("COMMIT").await.expect("a commit");
        after - before
    }

    async fn close(self) {
        assert_eq!(unclean(&self.client, self.project).await, None);
        self.database.drop().await;
    }
}

#[tokio::test]
async fn a_renewal_settles_itself_alone() {
    let customer = Customer::loyal().await;
    let at = START + (RENEWALS + 1) * DAY;
    assert_eq!(
        customer
            .settled_by(&invoice("in_new", at, "sub_1", "cus_1", 1000))
            .await,
        1
    );
    assert_eq!(
        customer
            .settled_by(&invoice_payment("in_new", at, "pi_new"))
            .await,
        1
    );
    customer.close().await;
}

#[tokio::test]
async fn a_renewal_whose_payment_was_known_before_it_settles_itself_alone() {
    let customer = Customer::loyal().await;
    let at = START + (RENEWALS + 1) * DAY;
    assert_eq!(
        customer
            .settled_by(&invoice_payment("in_new", at, "pi_new"))
            .await,
        0
    );
    assert_eq!(
        customer
            .settled_by(&invoice("in_new", at, "sub_1", "cus_1", 1000))
            .await,
        1
    );
    customer.close().await;
}

#[tokio::test]
async fn a_renewal_that_arrives_late_settles_itself_alone() {
    let customer = Customer::loyal().await;
    let late = invoice("in_late", START + 2 * DAY + 1, "sub_1", "cus_1", 1000);
    assert_eq!(customer.settled_by(&late).await, 1);
    customer.close().await;
}

#[tokio::test]
async fn a_first_payment_that_arrives_late_settles_what_followed() {
    let customer = Customer::loyal().await;
    let first = invoice("in_first", START, "sub_1", "cus_1", 1000);
    // Itself, the renewals, and the one-time purchase of the same moment.
    assert_eq!(customer.settled_by(&first).await, RENEWALS + 2);
    customer.close().await;
}

#[tokio::test]
async fn a_refund_settles_the_payment_it_is_of() {
    let customer = Customer::loyal().await;
    customer
        .settled_by(&invoice_payment("in_7", START + 7 * DAY, "pi_7"))
        .await;
    assert_eq!(
        customer
            .settled_by(&refund("re_1", START + 9 * DAY, "pi_7", 300))
            .await,
        1
    );
    assert_eq!(
        customer
            .settled_by(&refund("re_2", START + 9 * DAY, "pi_7", 200))
            .await,
        1
    );
    customer.close().await;
}

#[tokio::test]
async fn another_email_of_a_customer_settles_nothing_before_it() {
    let customer = Customer::loyal().await;
    let at = START + (RENEWALS + 1) * DAY;
    let who = (Some("cus_1"), Some("other@example.com"));
    assert_eq!(
        customer
            .settled_by(&session("pi_once", at, who, None, Some(500)))
            .await,
        1
    );
    customer.close().await;
}

#[tokio::test]
async fn a_customer_merged_with_one_of_later_beginnings_keeps_what_is_settled() {
    let customer = Customer::loyal().await;
    let at = START + (RENEWALS + 1) * DAY;
    let stranger = (None, Some("new@example.com"));
    assert_eq!(
        customer
            .settled_by(&session("pi_1", at, stranger, Some("BOB"), Some(500)))
            .await,
        1
    );
    // They turn out to be one: the sale of the newcomer is looked at again, as it might not be the first any more.
    let both = (Some("cus_1"), Some("new@example.com"));
    assert_eq!(
        customer
            .settled_by(&session("pi_2", at + DAY, both, None, Some(500)))
            .await,
        2
    );
    customer.close().await;
}

#[tokio::test]
async fn the_end_of_a_subscription_settles_its_payments_once() {
    let customer = Customer::loyal().await;
    let at = START + (RENEWALS + 1) * DAY;
    assert_eq!(
        customer.settled_by(&end("sub_1", at, "cus_1")).await,
        RENEWALS
    );
    customer.close().await;
}
