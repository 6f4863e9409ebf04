//! A shop that uses the product: a database, a running gateway, and a project with Stripe connected and a key that is
//! never rate-limited.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::database::{Profile, TestDatabase};
use crate::gateway::Gateway;
use crate::stripe::{self, event::Event};

/// A database, the gateway on it, and one project; more can be added.
#[derive(Debug)]
pub struct Shop {
    /// The project.
    pub project: Project,
    /// The gateway.
    pub gateway: Gateway,
    /// The database.
    pub database: TestDatabase,
}

impl Shop {
    /// A new shop in US dollars that pays 20 % and holds it for 30 days.
    pub async fn open(profile: Profile) -> Self {
        Self::open_with(profile, &[]).await
    }

    /// The same with other options of `affiliate project create`.
    pub async fn open_with(profile: Profile, options: &[&str]) -> Self {
        let database = Cluster::shared().await.create_database(profile).await;
        Self::open_on(database, options).await
    }

    /// The same on a database that is there.
    pub async fn open_on(database: TestDatabase, options: &[&str]) -> Self {
        let gateway = Gateway::start(&database).await;
        let project = Project::create(&database, &gateway, options).await;
        Self {
            project,
            gateway,
            database,
        }
    }

    /// Another project on the same gateway.
    pub async fn add_project(&self, options: &[&str]) -> Project {
        Project::create(&self.database, &self.gateway, options).await
    }

    /// The key and the error, if any, of every event that was stored, in the order they came.
    pub async fn stored_events(&self) -> Vec<(String, Option<String>)> {
        let client = self.database.connect_superuser().await;
        let sql = "SELECT e.event_key, e.error FROM affiliate_private.provider_event AS e
                   ORDER BY e.provider_event_id";
        let rows = client.query(sql, &[]).await.expect("the events");
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// The id of the newest of Stripe's signing secrets.
    pub async fn stripe_secret_id(&self) -> i64 {
        let client = self.database.connect_superuser().await;
        let sql = "SELECT max(s.secret_id) FROM affiliate_private.provider_secret AS s
                   WHERE s.project_id = $1 AND s.provider = 'stripe'";
        let row = client.query_one(sql, &[&self.project.id]).await;
        row.expect("a secret").get(0)
    }

    /// Closes the gateway and drops the database.
    pub async fn close(self) {
        drop(self.gateway);
        self.database.drop().await;
    }
}

/// A project as its owner's backend and Stripe see it.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its id.
    pub id: i64,
    /// An API key.
    pub key: String,
    /// Stripe's signing secret.
    pub secret: String,
    base_url: String,
    http: reqwest::Client,
}

impl Project {
    /// A new project, as an operator makes one.
    pub async fn create(database: &TestDatabase, gateway: &Gateway, options: &[&str]) -> Self {
        let create = ["project", "create", "--name", "Shop", "--json"];
        let created = run(database, &[&create, options].concat()).await;
        let id = created["project_id"].as_i64().expect("a project id");
        let secret = format!("whsec_test_of_project_{id}");
        let project = id.to_string();
        let set = ["provider", "set", "--project", &project, "stripe"];
        let with_secret = ["--webhook-secret", &secret, "--json"];
        run(database, &[&set[..], &with_secret].concat()).await;
        let create = ["key", "create", "--project", &project];
        let unlimited = ["--rate-limit", "1000000", "--json"];
        let key = run(database, &[&create[..], &unlimited].concat()).await;
        Self {
            id,
            key: key["api_key"].as_str().expect("a key").to_owned(),
            secret,
            base_url: gateway.base_url().to_owned(),
            http: crate::http(),
        }
    }

    /// The same project on another gateway.
    pub fn at(&self, gateway: &Gateway) -> Self {
        Self {
            base_url: gateway.base_url().to_owned(),
            ..self.clone()
        }
    }

    /// An active affiliate.
    pub async fn add_affiliate(&self, email: &str, code: &str) -> i64 {
        let body = json!({"email": email, "referral_code": code});
        let created = self.post("/api/v1/affiliates", &body).await;
        assert_eq!(created.status, 201, "{}", created.text);
        created.json()["data"]["id"].as_i64().expect("an id")
    }

    /// An endpoint for its webhooks; gives the secret they are signed with.
    pub async fn add_webhook(
        &self,
        database: &TestDatabase,
        url: &str,
        options: &[&str],
    ) -> String {
        let project = self.id.to_string();
        let add = ["webhook", "add", "--project", &project, "--url", url];
        let added = run(database, &[&add[..], options, &["--json"]].concat()).await;
        added["secret"].as_str().expect("a secret").to_owned()
    }

    /// What the API says about an affiliate.
    pub async fn affiliate(&self, email: &str) -> Value {
        let answer = self.get(&format!("/api/v1/affiliates/{email}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["data"].take()
    }

    /// The conversions as the API lists them, newest first.
    pub async fn conversions(&self) -> Vec<Value> {
        let answer = self.get("/api/v1/conversions?limit=500").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let list = answer.json()["data"].as_array().cloned();
        list.expect("a list of conversions")
    }

    /// Delivers an event as Stripe does, and expects it to be taken; gives what became of it.
    pub async fn deliver(&self, event: &Event) -> String {
        let answer = self.deliver_bytes(&event.body()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let answer = answer.json();
        answer["status"].as_str().expect("a status").to_owned()
    }

    /// Delivers any body with a good signature.
    pub async fn deliver_bytes(&self, body: &[u8]) -> Answer {
        let signature = stripe::sign_now(&self.secret, body);
        self.deliver_signed(body, Some(&signature)).await
    }

    /// Delivers a body with any signature or none.
    pub async fn deliver_signed(&self, body: &[u8], signature: Option<&str>) -> Answer {
        let sent = self.try_deliver(body, signature).await;
        sent.unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// The same where the gateway may be gone.
    pub async fn try_deliver(
        &self,
        body: &[u8],
        signature: Option<&str>,
    ) -> Result<Answer, reqwest::Error> {
        let path = format!("/webhook/stripe/{}", self.id);
        let mut request = self.http.post(self.url(&path)).body(body.to_vec());
        if let Some(signature) = signature {
            request = request.header("stripe-signature", signature);
        }
        Answer::of(request.header("content-type", "application/json")).await
    }

    /// GET with the key.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// POST of a JSON body with the key.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body.to_string().into()))
            .await
    }

    /// PUT of a JSON body with the key.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, Some(body.to_string().into()))
            .await
    }

    /// DELETE with the key.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Any request with the key.
    pub async fn send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Answer {
        let sent = self.try_send(method, path, body).await;
        sent.unwrap_or_else(|error| panic!("{path}: {error:?}"))
    }

    /// The same where the gateway may be gone.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Answer, reqwest::Error> {
        let request = self.http.request(method, self.url(path));
        let request = request
            .bearer_auth(&self.key)
            .header("content-type", "application/json")
            .body(body.unwrap_or_default());
        Answer::of(request).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }
}

/// An HTTP answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub text: String,
}

impl Answer {
    /// Sends a request and reads what comes back.
    pub async fn of(request: reqwest::RequestBuilder) -> Result<Self, reqwest::Error> {
        let response = request.send().await?;
        Ok(Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await?,
        })
    }

    /// Its body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The text of an error, which must look as every error does.
    pub fn error(&self) -> String {
        let body = self.json();
        assert_eq!(body["success"], json!(false), "{body}");
        let text = body["error"].as_str();
        text.unwrap_or_else(|| panic!("no error in {body}"))
            .to_owned()
    }
}

async fn run(database: &TestDatabase, arguments: &[&str]) -> Value {
    let text = database.affiliate(arguments).await;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
