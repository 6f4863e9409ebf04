//! A project with a gateway in front of it, and short ways to ask it things.

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{Profile, TestDatabase};
use affiliate_tests::gateway::Gateway;
pub use affiliate_tests::shop::Answer;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio_postgres::Client;

/// A database with one project.
pub struct Shop {
    pub database: TestDatabase,
    pub sql: Client,
    pub project: i64,
    /// Its first API key: 100 requests a minute, may write.
    pub key: String,
}

impl Shop {
    pub async fn open() -> Self {
        let cluster = Cluster::shared().await;
        let database = cluster.create_database(Profile::Portable).await;
        let sql = database.connect().await;
        let text: String = sql
            .query_one("SELECT affiliate.create_project('Shop')::text", &[])
            .await
            .expect("a project")
            .get(0);
        let created: Value = serde_json::from_str(&text).expect("JSON");
        Self {
            project: created["project_id"].as_i64().expect("an id"),
            key: created["api_key"].as_str().expect("a key").to_owned(),
            database,
            sql,
        }
    }

    /// A gateway in front of it.
    pub async fn gateway(&self) -> Api {
        // Nothing but requests talks to the database then.
        let quiet = [("AFFILIATE_POLL_INTERVAL_MS", "3600000")];
        Api::new(Gateway::start_with(&self.database, &quiet).await, &self.key)
    }

    /// Another key.
    pub async fn create_key(&self, scope: &str, per_minute: i32) -> String {
        let sql = "SELECT affiliate.create_api_key($1, NULL, $2, $3) ->> 'api_key'";
        let row = self
            .sql
            .query_one(sql, &[&self.project, &scope, &per_minute])
            .await;
        row.expect("a key").get(0)
    }

    /// Waits for the start of a minute by the database's clock, so that what follows happens within one. There are at
    /// least twenty seconds of it left then.
    pub async fn wait_for_window(&self) {
        let sql = "SELECT extract(second FROM clock_timestamp())::float8";
        affiliate_tests::wait::until_within(
            std::time::Duration::from_secs(70),
            "a minute to begin",
            async || {
                let row = self.sql.query_one(sql, &[]).await.expect("the time");
                (0.0..40.0).contains(&row.get::<_, f64>(0)).then_some(())
            },
        )
        .await;
    }
}

/// The id in a key, `rgk_<id>_…`.
pub fn id_of(key: &str) -> i64 {
    let id = key.split('_').nth(1).expect("an id");
    id.parse().expect("a number")
}

/// A gateway, and the key to ask it with.
pub struct Api {
    pub gateway: Gateway,
    pub key: String,
    client: reqwest::Client,
}

impl Api {
    pub fn new(gateway: Gateway, key: &str) -> Self {
        Self {
            gateway,
            key: key.to_owned(),
            client: affiliate_tests::http(),
        }
    }

    /// A request with the key.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(&self.key)
    }

    /// A request without one.
    pub fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.gateway.url(path))
    }

    pub async fn get(&self, path: &str) -> Answer {
        ask(self.request(Method::GET, path)).await
    }

    /// GET with another key or token.
    pub async fn get_as(&self, key: &str, path: &str) -> Answer {
        ask(self.anonymous(Method::GET, path).bearer_auth(key)).await
    }

    /// POST of a new affiliate with another key or token.
    pub async fn create_affiliate_as(&self, key: &str, email: &str) -> Answer {
        let request = self.anonymous(Method::POST, "/api/v1/affiliates");
        ask(request.bearer_auth(key).json(&json!({"email": email}))).await
    }
}

/// Sends a request that gets an answer.
pub async fn ask(request: RequestBuilder) -> Answer {
    let answered = Answer::of(request).await;
    answered.unwrap_or_else(|error| panic!("{error:?}"))
}

/// The headers of an answer, as these tests look at them.
pub trait Headers {
    fn header(&self, name: &str) -> Option<&str>;

    /// A header that is a number.
    fn number(&self, name: &str) -> i64 {
        let text = self.header(name).unwrap_or_else(|| panic!("no {name}"));
        text.parse().expect("a number")
    }
}

impl Headers for Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
