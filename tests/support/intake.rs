//! Provider events that reach a project through SQL alone, as the gateway hands them over once their signature is checked.

use std::fmt::Debug;

use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::books::Books;
use crate::cluster::Cluster;
use crate::database::{Profile, TestDatabase};

/// An event as its provider sends it.
pub trait Delivery: Debug {
    /// Which provider.
    fn provider(&self) -> &'static str;
    /// The id in a header of its delivery, where that is what it is known by.
    fn delivery_id(&self) -> Option<String> {
        None
    }
    /// The bytes that were signed.
    fn body(&self) -> Vec<u8>;
}

/// A database with projects whose affiliate Ada (code ADA) earns 20 % with no hold.
#[derive(Debug)]
pub struct Intake {
    /// The first project.
    pub project: i64,
    /// The database.
    pub database: TestDatabase,
    client: Client,
}

impl Intake {
    /// A fresh one with one project in US dollars.
    pub async fn open(profile: Profile) -> Self {
        let database = Cluster::shared().await.create_database(profile).await;
        let client = database.connect_superuser().await;
        let mut intake = Self {
            project: 0,
            database,
            client,
        };
        intake.project = intake.add_project().await;
        intake
    }

    /// Another project like it.
    pub async fn add_project(&self) -> i64 {
        // Not by create_project, whose API key takes long to hash.
        let create = "WITH p AS (INSERT INTO affiliate_private.project (name, currency) VALUES ('Shop', 'USD') RETURNING project_id)
                      INSERT INTO affiliate_private.project_setting (project_id, effective_at, hold_days, rate_ppm, fixed_minor, touch_model, allow_self_referral)
                      SELECT p.project_id, '-infinity', 0, 200000, 0, 'last', false FROM p RETURNING project_id";
        let row = self.client.query_one(create, &[]).await;
        let project = row.expect("a project").get(0);
        self.add_affiliate(project, "ada@example.com", "ADA").await;
        project
    }

    /// Another active affiliate.
    pub async fn add_affiliate(&self, project: i64, email: &str, code: &str) -> i64 {
        let body = json!({"email": email, "referral_code": code});
        let created = self.call(project, "create_affiliate", &body).await;
        created["data"]["id"].as_i64().expect("an id")
    }

    /// Calls an endpoint's function.
    pub async fn call(&self, project: i64, function: &str, arguments: &Value) -> Value {
        let call = format!("SELECT affiliate_api.{function}($1, ($2::text)::jsonb)::text");
        let row = self
            .client
            .query_one(&call, &[&project, &arguments.to_string()])
            .await
            .unwrap_or_else(|error| panic!("{function}: {error:?}"));
        serde_json::from_str(row.get(0)).expect("JSON")
    }

    /// Runs a statement about a project ($1).
    pub async fn run(&self, project: i64, statement: &str) {
        let done = self.client.execute(statement, &[&project]).await;
        done.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }

    /// What a query about a project ($1) gives, one text a row.
    pub async fn texts(&self, project: i64, query: &str) -> Vec<String> {
        let rows = self.client.query(query, &[&project]).await;
        let rows = rows.unwrap_or_else(|error| panic!("{query}: {error:?}"));
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Delivers an event to the first project and gives what became of it.
    pub async fn deliver(&self, event: &dyn Delivery) -> String {
        self.deliver_to(self.project, event).await
    }

    /// Delivers an event to a project and gives what became of it.
    pub async fn deliver_to(&self, project: i64, event: &dyn Delivery) -> String {
        let receive = "SELECT affiliate_private.receive_event($1, $2, $3, $4)::json ->> 'status'";
        let row = self
            .client
            .query_one(
                receive,
                &[
                    &project,
                    &event.provider(),
                    &event.delivery_id(),
                    &event.body(),
                ],
            )
            .await
            .unwrap_or_else(|error| panic!("{error:?}: {event:?}"));
        row.get(0)
    }

    /// Delivers events to the first project, each of which has to be applied.
    pub async fn apply(&self, events: &[&dyn Delivery]) {
        self.apply_to(self.project, events).await;
    }

    /// The same to another project.
    pub async fn apply_to(&self, project: i64, events: &[&dyn Delivery]) {
        for event in events {
            let status = self.deliver_to(project, *event).await;
            let errors = self.errors(project).await;
            assert_eq!(status, "applied", "{errors:?}: {event:?}");
        }
    }

    /// Why events of a project are parked.
    pub async fn errors(&self, project: i64) -> Vec<String> {
        let query = "SELECT e.error FROM affiliate_private.provider_event AS e
                     WHERE e.project_id = $1 AND e.outcome = 'parked' ORDER BY e.provider_event_id";
        self.texts(project, query).await
    }

    /// What each sale of the first project pays and to whom, by time: `order:1 of 100.00 pays 20.00 less 0.00 to ada@example.com (metadata)`.
    pub async fn sales(&self) -> Vec<String> {
        self.sales_of(self.project).await
    }

    /// The same for a project.
    pub async fn sales_of(&self, project: i64) -> Vec<String> {
        let query = "SELECT format('%s of %s pays %s less %s to %s (%s)', c.reference, c.base_value, c.commission, c.reversed_commission,
                                   coalesce(a.email, 'nobody'), coalesce(c.attribution_source, 'none'))
                     FROM affiliate.conversions AS c
                     LEFT JOIN affiliate.affiliates AS a ON a.project_id = c.project_id AND a.affiliate_id = c.affiliate_id
                     WHERE c.project_id = $1 ORDER BY c.occurred_at, c.reference";
        self.texts(project, query).await
    }

    /// Delivers the events in every order (of more than 24 in every fifth), each to a project of its own prepared alike, and
    /// expects the same books every time; gives the last project.
    pub async fn permute(&self, prepare: &[&str], events: &[&dyn Delivery]) -> i64 {
        let mut expected: Option<Books> = None;
        let mut last = self.project;
        let orders = orders(events.len());
        let step = if orders.len() > 24 { 5 } else { 1 };
        for order in orders.into_iter().step_by(step) {
            last = self.add_project().await;
            for statement in prepare {
                self.run(last, statement).await;
            }
            for index in &order {
                self.apply_to(last, &[events[*index]]).await;
            }
            let again = self.deliver_to(last, events[order[0]]).await;
            assert_eq!(again, "duplicate");
            let books = Books::read(&self.client, last).await;
            match &expected {
                Some(first) => first.assert_same(&books, &format!("{order:?}")),
                None => expected = Some(books),
            }
        }
        last
    }

    /// Expects the books to be clean and drops the database.
    pub async fn close(self) {
        crate::books::assert_clean(&self.database).await;
        drop(self.client);
        self.database.drop().await;
    }
}

/// All orders of so many things.
pub fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in orders(count - 1) {
        for place in 0..count {
            let mut order = shorter.clone();
            order.insert(place, count - 1);
            all.push(order);
        }
    }
    all
}
