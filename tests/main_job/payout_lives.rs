//! Anything that can happen to a payout, in any order and at once: the books agree with each other all the way, and in the
//! end everybody has got what they were owed.
//!
//! `AFFILIATE_SEED` repeats a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use affiliate_tests::books::{assert_clean, verify};
use affiliate_tests::database::Profile;
use affiliate_tests::random::Random;
use affiliate_tests::shop::{Answer, Project, Shop};
use affiliate_tests::stripe::event::Event;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const NAMES: [&str; 4] = ["ada", "bob", "cem", "dora"];
const LONG_AGO: i64 = 1_768_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_books_agree_after_every_step() {
    for profile in Profile::KERNELS {
        let shop = open(profile).await;
        let mut life = Life::of(&shop.project, seed(), Arc::default());
        for step in 0..250 {
            life.step().await;
            if step % 10 == 9 {
                let (code, found) = verify(&shop.database, &[]).await;
                assert_eq!(code, 0, "seed {}, step {step}: {found:#}", life.seed);
                assert_reserved_once(&shop).await;
            }
        }
        assert_everybody_is_paid(&shop, &mut life).await;
        shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_books_agree_after_eight_lives_at_once() {
    for profile in Profile::KERNELS {
        let shop = open(profile).await;
        let sales = Arc::new(AtomicUsize::new(0));
        let mut lives = JoinSet::new();
        for number in 0..8 {
            let mut life = Life::of(&shop.project, seed() + number, Arc::clone(&sales));
            lives.spawn(async move {
                for _ in 0..60 {
                    life.step().await;
                }
            });
        }
        while let Some(ended) = lives.join_next().await {
            ended.expect("no panic");
        }
        assert_clean(&shop.database).await;
        assert_reserved_once(&shop).await;
        let mut life = Life::of(&shop.project, seed(), sales);
        assert_everybody_is_paid(&shop, &mut life).await;
        shop.close().await;
    }
}

fn seed() -> u64 {
    let told = std::env::var("AFFILIATE_SEED").ok();
    let told = told.map(|seed| seed.parse().expect("a number"));
    told.unwrap_or_else(|| affiliate_tests::stripe::now().unsigned_abs())
}

async fn open(profile: Profile) -> Shop {
    let shop = Shop::open(profile).await;
    for name in NAMES {
        let email = format!("{name}@example.com");
        shop.project
            .add_affiliate(&email, &name.to_uppercase())
            .await;
        let path = format!("/api/v1/affiliates/{email}/payout-preferences");
        let paypal = json!({"method": "paypal", "paypal_email": email});
        assert_eq!(shop.project.put(&path, &paypal).await.status, 200);
    }
    // What ada sells pays dora too.
    let owner = shop.database.connect().await;
    let parent = "SELECT affiliate.set_affiliate_parent($1, a.affiliate_id, p.affiliate_id, to_timestamp(0))::text
                  FROM affiliate_private.affiliate AS a, affiliate_private.affiliate AS p WHERE a.email_key = 'ada@example.com' AND p.email_key = 'dora@example.com'";
    owner
        .query_one(parent, &[&shop.project.id])
        .await
        .expect("a parent");
    let tier = "SELECT affiliate.set_project($1, '{\"tier_percent\": 10}', to_timestamp(0))::text";
    owner
        .query_one(tier, &[&shop.project.id])
        .await
        .expect("a tier");
    shop
}

/// Somebody who does one thing after another.
struct Life {
    project: Project,
    random: Random,
    seed: u64,
    sales: Arc<AtomicUsize>,
}

impl Life {
    fn of(project: &Project, seed: u64, sales: Arc<AtomicUsize>) -> Self {
        Self {
            project: project.clone(),
            random: Random::new(seed),
            seed,
            sales,
        }
    }

    async fn step(&mut self) {
        match self.random.below(16) {
            0..=3 => self.sell().await,
            4..=5 => self.refund().await,
            6 => self.tell_late().await,
            7..=8 => self.edit().await,
            9 => self.change_project().await,
            10..=11 => {
                self.post("/api/v1/payout-batches", &json!({})).await;
            }
            _ => self.end_a_payout().await,
        }
    }

    /// A payment that somebody has made, or the next.
    fn payment(&mut self) -> String {
        let sales = self.sales.load(Ordering::SeqCst).max(1);
        let number = self.random.below(sales as u64);
        format!("pi_{number}")
    }

    async fn sell(&mut self) {
        let payment = format!("pi_{}", self.sales.fetch_add(1, Ordering::SeqCst));
        let held = self.random.one_in(4);
        let at = if held {
            affiliate_tests::stripe::now()
        } else {
            LONG_AGO
        };
        let code = self.random.pick(&NAMES).to_uppercase();
        let sale = Event::sale(&payment, self.random.between(100, 30_000))
            .object("client_reference_id", json!(code))
            .customer(&payment)
            .email(&format!("{payment}@buyers.example"));
        self.project.deliver(&sale.at(at)).await;
    }

    async fn refund(&mut self) {
        let payment = self.payment();
        let refunded = self.random.between(1, 10_000);
        let refund = Event::refund(&payment, 10_000, refunded).at(LONG_AGO + 100);
        self.project.deliver(&refund).await;
    }

    /// Evidence that is stronger than what was known.
    async fn tell_late(&mut self) {
        let payment = self.payment();
        let late = Event::unpaid(&payment)
            .id(&format!(
                "evt_late_{payment}_{}",
                self.random.below(1_000_000)
            ))
            .code(&self.random.pick(&NAMES).to_uppercase())
            .customer(&payment)
            .email(&format!("{payment}@buyers.example"));
        self.project.deliver(&late.at(LONG_AGO + 1)).await;
    }

    async fn edit(&mut self) {
        let conversions = self.project.conversions().await;
        if conversions.is_empty() {
            return;
        }
        let path = format!(
            "/api/v1/conversions/{}",
            self.random.pick(&conversions)["id"]
        );
        let change = match self.random.below(6) {
            0..=1 => json!({"paid": true}),
            2 => json!({"paid": false}),
            3 => json!({"value": self.random.between(0, 100)}),
            4 => json!({"base_value": self.random.between(0, 300)}),
            _ => Value::Null,
        };
        let answer = if change.is_null() {
            self.project.delete(&path).await
        } else {
            self.project.put(&path, &change).await
        };
        // Reserved, or deleted by another meanwhile.
        self.expect(&answer, &[409, 404]);
    }

    async fn change_project(&mut self) {
        let change = match self.random.below(3) {
            0 => json!({"payout_minimum": self.random.between(0, 20)}),
            1 => json!({"hold_days": self.random.between(0, 60)}),
            _ => json!({"commission_percent": self.random.between(5, 50)}),
        };
        let answer = self.project.put("/api/v1/project", &change).await;
        self.expect(&answer, &[]);
    }

    async fn end_a_payout(&mut self) {
        let returns = self.random.one_in(6);
        let status = if returns { "paid" } else { "reserved" };
        let path = format!("/api/v1/payouts?status={status}&limit=500");
        let found = self.project.get(&path).await.json();
        let found = found["data"].as_array().expect("a list");
        if found.is_empty() {
            return;
        }
        let payout = self.random.pick(found);
        let path = match self.random.below(8) {
            _ if returns => format!("/api/v1/payouts/{}/return", payout["id"]),
            0 => format!("/api/v1/payout-batches/{}/confirm", payout["batch_id"]),
            1 => format!("/api/v1/payout-batches/{}/cancel", payout["batch_id"]),
            2..=4 => format!("/api/v1/payouts/{}/confirm", payout["id"]),
            5..=6 => format!("/api/v1/payouts/{}/fail", payout["id"]),
            _ => format!("/api/v1/payouts/{}/cancel", payout["id"]),
        };
        self.post(&path, &json!({})).await;
    }

    async fn post(&self, path: &str, body: &Value) {
        let body = Some(body.to_string().into());
        let answer = self.project.send(Method::POST, path, body).await;
        // Another has ended it otherwise.
        self.expect(&answer, &[409]);
    }

    fn expect(&self, answer: &Answer, refusals: &[u16]) {
        let fine = answer.status < 300 || answer.status == 503 || refusals.contains(&answer.status);
        assert!(fine, "seed {}: {}", self.seed, answer.text);
    }
}

/// No money is in two open payouts, and none in one without having been owed.
async fn assert_reserved_once(shop: &Shop) {
    let twice = "SELECT count(*) FROM (
                   SELECT FROM affiliate_private.payout_line AS l JOIN affiliate_private.payout AS o USING (project_id, payout_id)
                   WHERE o.status = 'reserved' GROUP BY l.conversion_id, l.affiliate_id HAVING count(*) > 1) AS x";
    let owner = shop.database.connect().await;
    let row = owner.query_one(twice, &[]).await.expect("a count");
    assert_eq!(row.get::<_, i64>(0), 0);
}

/// With everything confirmed and nothing held back by a minimum, nobody is owed anything that has left its hold.
async fn assert_everybody_is_paid(shop: &Shop, life: &mut Life) {
    let none = json!({"payout_minimum": 0});
    assert_eq!(shop.project.put("/api/v1/project", &none).await.status, 200);
    // What was reserved first, and then what that and its clawbacks have left.
    for _ in 0..2 {
        let path = "/api/v1/payouts?status=reserved&limit=500";
        let reserved = shop.project.get(path).await.json();
        for payout in reserved["data"].as_array().expect("a list") {
            let path = format!("/api/v1/payouts/{}/confirm", payout["id"]);
            life.post(&path, &json!({})).await;
        }
        life.post("/api/v1/payout-batches", &json!({})).await;
    }
    let reserved = shop.project.get("/api/v1/payouts?status=reserved").await;
    assert_eq!(reserved.json()["data"], json!([]));
    for name in NAMES {
        let stats = shop.project.affiliate(&format!("{name}@example.com")).await;
        let eligible = stats["eligible_earnings"].as_str().expect("text");
        assert!(
            eligible == "0.00" || eligible.starts_with('-'),
            "seed {}: {stats}",
            life.seed
        );
    }
    assert_clean(&shop.database).await;
}
