//! What `affiliate dev` prints: where everything is, and commands that work as pasted.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::database::Urls;

/// The example affiliate of the tutorial.
const EMAIL: &str = "ada@example.com";
const CODE: &str = "ADA20";

/// The facts the commands are made of.
#[derive(Debug)]
pub(super) struct Banner<'a> {
    base_url: String,
    urls: &'a Urls,
    demo: &'a Value,
}

impl<'a> Banner<'a> {
    pub fn new(address: SocketAddr, urls: &'a Urls, demo: &'a Value) -> Self {
        let host = if address.ip().is_unspecified() {
            "127.0.0.1".to_owned()
        } else {
            address.ip().to_string()
        };
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host
        };
        Self {
            base_url: format!("http://{host}:{}", address.port()),
            urls,
            demo,
        }
    }

    /// Everything as one object.
    pub fn json(&self) -> Value {
        let mut facts = json!({
            "base_url": self.base_url,
            "database_url": self.urls.owner,
            "gateway_database_url": self.urls.gateway,
            "analyst_database_url": self.urls.analyst,
            "psql": self.urls.psql,
        });
        if let (Some(facts), Some(demo)) = (facts.as_object_mut(), self.demo.as_object()) {
            facts.extend(
                demo.iter()
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
        }
        facts
    }

    /// Everything to be read and pasted. One command is one line, however long, so that it can be.
    pub fn text(&self) -> String {
        format!(
            "
pg_affiliate is running{place}. Ctrl-C stops it; what is in the database stays.

  Base URL    {base}
  Project     {project}
  API key     {key}
  {login}    {psql}

1. Create an affiliate:
{create}

2. Post a Stripe payment of 49.99, signed as Stripe would:
{pay}

3. Read what the affiliate has earned:
{read}

4. The same in SQL:
{psql} -c 'SELECT occurred_at, base_value, commission, commission_currency, attribution_source FROM affiliate.conversions ORDER BY occurred_at DESC LIMIT 5'

5. Have every new conversion sent to your own endpoint, signed (then post another payment):
{webhook}
",
            // In a database of the user's own nobody but the user decides about logins.
            place = if self.urls.analyst.is_some() { "" } else { " on the database it was given" },
            login = if self.urls.analyst.is_some() { "Analysts" } else { "As owner" },
            base = self.base_url,
            project = self.field("project_id"),
            key = self.field("api_key"),
            psql = self.psql(),
            create = self.create_affiliate(),
            pay = self.pay(),
            read = self.read_earnings(),
            webhook = self.add_webhook(),
        )
    }

    fn field(&self, name: &str) -> String {
        match &self.demo[name] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }

    fn psql(&self) -> String {
        let url = self.urls.analyst.as_ref().unwrap_or(&self.urls.owner);
        format!("{} {}", quoted(&self.urls.psql), quoted(url))
    }

    fn authorization(&self) -> String {
        quoted(&format!("Authorization: Bearer {}", self.field("api_key")))
    }

    fn create_affiliate(&self) -> String {
        let body = json!({"email": EMAIL, "referral_code": CODE}).to_string();
        format!(
            "curl -sS {url} -H {authorization} -H 'Content-Type: application/json' -d {body}; echo",
            url = quoted(&format!("{}/api/v1/affiliates", self.base_url)),
            authorization = self.authorization(),
            body = quoted(&body),
        )
    }

    /// Ids carry the time, so that each paste is another payment.
    fn pay(&self) -> String {
        let body = json!({
            "id": "evt_$t", "object": "event", "api_version": "2026-10-28.endive", "created": "$t",
            "type": "checkout.session.completed", "livemode": false,
            "data": {"object": {
                "id": "cs_$t", "object": "checkout.session", "mode": "payment", "payment_status": "paid",
                "payment_intent": "pi_$t", "customer": "cus_$t", "currency": "usd", "amount_total": 4999,
                "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
                "customer_details": {"email": "customer-$t@example.com"},
                "metadata": {"referral_code": CODE},
            }},
        });
        // In single quotes, left around each $t; `created` is a number.
        let body = body
            .to_string()
            .replace("\"$t\"", "$t")
            .replace("$t", "'$t'");
        format!(
            "t=$(date +%s); body='{body}'; \
             sig=$(printf '%s.%s' \"$t\" \"$body\" | openssl dgst -sha256 -hmac {secret} | sed 's/^.* //'); \
             curl -sS {url} -H \"Stripe-Signature: t=$t,v1=$sig\" -H 'Content-Type: application/json' \
             --data-binary \"$body\"; echo",
            secret = quoted(&self.field("webhook_secret")),
            url = quoted(&format!(
                "{}/webhook/stripe/{}",
                self.base_url,
                self.field("project_id")
            )),
        )
    }

    fn read_earnings(&self) -> String {
        let url = quoted(&format!("{}/api/v1/affiliates/{EMAIL}", self.base_url));
        format!("curl -sS {url} -H {}; echo", self.authorization())
    }

    fn add_webhook(&self) -> String {
        let program = std::env::current_exe().unwrap_or_else(|_| "affiliate".into());
        format!(
            "DATABASE_URL={url} {program} webhook add --project {project} --url http://127.0.0.1:9000/hook",
            url = quoted(&self.urls.owner),
            program = quoted(&program.display().to_string()),
            project = self.field("project_id"),
        )
    }
}

/// A word for the shell, in single quotes where it needs them.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
