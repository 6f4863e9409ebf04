//! `total = eligible + held + paid`, and everything else that `affiliate verify` checks, while eight connections do everything at
//! once: sales, refunds, edits, deletions, changes of hold, levels and parents, payouts that end well and badly.

use std::time::{Duration, Instant};

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::{Profile, TestDatabase};
use affiliate_tests::random::Random;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe;
use affiliate_tests::stripe::event::Event;
use serde_json::json;
use tokio_postgres::Client;

const CONNECTIONS: u64 = 8;
const CUSTOMERS: u64 = 30;
const AFFILIATES: [&str; 5] = ["ada", "bob", "cleo", "dora", "emil"];
const DAY: i64 = 86_400;

/// How long each kernel is worked on; longer by hand, such as an hour.
fn duration() -> Duration {
    let seconds = std::env::var("AFFILIATE_IDENTITY_SECONDS").ok();
    Duration::from_secs(seconds.map_or(20, |text| text.parse().expect("whole seconds")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_cent_adds_up_whatever_is_done_at_once_natively() {
    everything(Profile::Native).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_cent_adds_up_whatever_is_done_at_once_portably() {
    everything(Profile::Portable).await;
}

async fn everything(profile: Profile) {
    let shop = Shop::open(profile).await;
    let project = shop.project.id;
    let owner = shop.database.connect_superuser().await;
    prepare(&owner, project).await;
    let end = Instant::now() + duration();
    let seed = Random::new(u64::try_from(stripe::now()).expect("after 1970")).below(1 << 40);
    let mut tasks = Vec::new();
    for n in 0..CONNECTIONS {
        let client = shop.database.connect_superuser().await;
        tasks.push(tokio::spawn(work(client, project, seed + n, end)));
    }
    let mut looks = 0;
    while Instant::now() < end {
        look(&owner, project).await;
        looks += 1;
    }
    let mut done = 0;
    for task in tasks {
        done += task.await.expect("a worker");
    }
    assert!(
        looks > 0 && done > 100,
        "{looks} looks, {done} acts, seed {seed}"
    );
    assert_clean(&shop.database).await;
    assert_paid_once(&shop.database, project).await;
    shop.close().await;
}

async fn prepare(owner: &Client, project: i64) {
    let settings =
        json!({"hold_days": "14", "tier_percent": "7", "payout_minimum": "1"}).to_string();
    let set = "SELECT affiliate.set_project($1, $2::text::json)";
    owner
        .execute(set, &[&project, &settings])
        .await
        .expect("settings");
    for name in AFFILIATES {
        let email = format!("{name}@example.com");
        let create = "SELECT affiliate_api.create_affiliate($1, jsonb_build_object('email', $2::text, 'referral_code', upper($3::text)))";
        owner
            .execute(create, &[&project, &email, &name])
            .await
            .expect("an affiliate");
        let paid = "SELECT affiliate.set_payout_preferences($1, $2, jsonb_build_object('method', 'paypal', 'paypal_email', $2::text))";
        owner
            .execute(paid, &[&project, &email])
            .await
            .expect("a way to be paid");
    }
    for (name, parent) in [("ada", "bob"), ("cleo", "dora"), ("dora", "emil")] {
        let link = "SELECT affiliate.set_affiliate_parent($1, a.affiliate_id, p.affiliate_id, '2020-01-01Z')
                    FROM affiliate_private.affiliate AS a, affiliate_private.affiliate AS p
                    WHERE a.project_id = $1 AND a.email = $2 || '@example.com' AND p.project_id = $1 AND p.email = $3 || '@example.com'";
        owner
            .execute(link, &[&project, &name, &parent])
            .await
            .expect("a parent");
    }
    for level in [
        json!({"name": "Silver", "commission_percent": "22.5", "minimum_earned": "50"}),
        json!({"name": "Gold", "commission_fixed": "3.33", "minimum_referrals": "12", "period": "month"}),
    ] {
        let create = "SELECT affiliate.set_level($1, $2::text::json)";
        owner
            .execute(create, &[&project, &level.to_string()])
            .await
            .expect("a level");
    }
}

/// One snapshot in the middle of it all: the balances of everybody against the ledger.
async fn look(owner: &Client, project: i64) {
    let query =
        "SELECT check_name || ': ' || subject FROM affiliate_private.verify_balances($1) LIMIT 1";
    let wrong = owner.query_opt(query, &[&project]).await.expect("a look");
    assert!(
        wrong.is_none(),
        "{:?}",
        wrong.map(|row| row.get::<_, String>(0))
    );
    let sums = "SELECT count(*) FROM affiliate_private.affiliate_balance AS b
                WHERE b.project_id = $1 AND b.total_minor <> b.eligible_minor + b.held_minor + b.paid_minor";
    let wrong: i64 = owner
        .query_one(sums, &[&project])
        .await
        .expect("sums")
        .get(0);
    assert_eq!(wrong, 0);
}

/// Does one thing after another; gives how many went through.
async fn work(client: Client, project: i64, seed: u64, end: Instant) -> u64 {
    let random = &mut Random::new(seed);
    let (mut done, mut n) = (0, 0);
    while Instant::now() < end {
        n += 1;
        let sql = act(random, project, &format!("{seed}_{n}"));
        match client.batch_execute(&sql).await {
            Ok(()) => done += 1,
            Err(error) => {
                let code = error.code().map(|code| code.code().to_owned());
                // What the owner may not do just then is refused; what met a lock the other way round is tried again by the gateway.
                let refused = code
                    .as_deref()
                    .is_some_and(|code| code.starts_with("RF4") || code == "40P01");
                assert!(refused, "seed {seed}, act {n}: {error:?}\n{sql}");
            }
        }
    }
    done
}

fn act(random: &mut Random, project: i64, name: &str) -> String {
    let affiliate = *random.pick(&AFFILIATES);
    let id = format!(
        "(SELECT a.affiliate_id FROM affiliate_private.affiliate AS a WHERE a.project_id = {project} AND a.email = '{affiliate}@example.com')"
    );
    let conversion = format!(
        "(SELECT c.conversion_id FROM affiliate_private.conversion AS c WHERE c.project_id = {project} AND c.deleted_at IS NULL ORDER BY random() LIMIT 1)"
    );
    match random.below(40) {
        0..=15 => sale(random, project, affiliate, name),
        16..=21 => refund(random, project, name),
        22..=24 => format!(
            "SELECT affiliate_api.update_conversion({project}, jsonb_build_object('id', {conversion}, 'paid', {}))",
            random.one_in(2)
        ),
        25 => format!(
            "SELECT affiliate_api.update_conversion({project}, jsonb_build_object('id', {conversion}, 'value', {}))",
            random.below(50)
        ),
        26 => format!(
            "SELECT affiliate_api.update_conversion({project}, jsonb_build_object('id', {conversion}, 'base_value', {}))",
            random.below(500)
        ),
        27 => format!("SELECT affiliate_api.delete_conversion({project}, jsonb_build_object('id', {conversion}))"),
        28 => format!(
            "SELECT affiliate.set_project({project}, '{{\"hold_days\": \"{}\"}}')",
            random.below(30)
        ),
        29 => format!(
            "SELECT affiliate.set_affiliate_level({project}, {id}, (SELECT max(l.level_id) FROM affiliate_private.commission_level AS l
               WHERE l.project_id = {project} AND l.level_id % 2 = {}), {})",
            random.below(2),
            random.one_in(2)
        ),
        30 => format!("SELECT affiliate.promote_affiliates({project})"),
        31 => format!(
            "SELECT affiliate.set_affiliate_parent({project}, {id}, (SELECT a.affiliate_id FROM affiliate_private.affiliate AS a
               WHERE a.project_id = {project} ORDER BY random() LIMIT 1))"
        ),
        32 => format!(
            "SELECT affiliate_api.update_affiliate({project}, '{{\"email\": \"{affiliate}@example.com\", \"status\": \"{}\"}}')",
            random.pick(&["active", "active", "inactive"])
        ),
        33..=34 => format!("SELECT affiliate.create_payout_batch({project})"),
        _ => payout(random, project),
    }
}

fn sale(random: &mut Random, project: i64, affiliate: &str, name: &str) -> String {
    let customer = random.below(CUSTOMERS);
    // Some were made long enough ago to be payable at once.
    let at = stripe::now() - i64::try_from(random.below(40)).expect("small") * DAY;
    let amount = i64::try_from(random.below(30_000) + 1).expect("small");
    let event = Event::sale(&format!("pi_{customer}_{name}"), amount)
        .id(&format!("evt_{name}"))
        .code(&affiliate.to_uppercase())
        .email(&format!("buyer{customer}@example.com"))
        .customer(&format!("cus_{customer}"))
        .at(at);
    receive(project, &event)
}

/// Of a payment that is there, or of none.
fn refund(random: &mut Random, project: i64, name: &str) -> String {
    let part = 1 + random.below(4);
    let event = Event::refund("@payment", 1_000_000, 424_242)
        .id(&format!("evt_{name}"))
        .at(stripe::now());
    let body = String::from_utf8(event.body())
        .expect("JSON")
        .replace('\'', "''");
    format!(
        "SELECT affiliate_private.receive_event({project}, 'stripe', NULL, convert_to(
           replace(replace(replace('{body}', '@payment', s.sale_key), '1000000', s.gross_minor::text), '424242', (s.gross_minor * {part} / 4)::text), 'UTF8'))
         FROM (SELECT s.sale_key, s.gross_minor FROM affiliate_private.sale AS s WHERE s.project_id = {project} ORDER BY random() LIMIT 1) AS s"
    )
}

fn receive(project: i64, event: &Event) -> String {
    let body = String::from_utf8(event.body())
        .expect("JSON")
        .replace('\'', "''");
    format!(
        "SELECT affiliate_private.receive_event({project}, 'stripe', NULL, convert_to('{body}', 'UTF8'))"
    )
}

fn payout(random: &mut Random, project: i64) -> String {
    let (end, status) = *random.pick(&[
        ("confirm_payout", "reserved"),
        ("confirm_payout", "reserved"),
        ("fail_payout", "reserved"),
        ("cancel_payout", "reserved"),
        ("return_payout", "paid"),
    ]);
    format!(
        "SELECT affiliate.{end}({project}, p.payout_id) FROM (
           SELECT p.payout_id FROM affiliate_private.payout AS p WHERE p.project_id = {project} AND p.status = '{status}' ORDER BY random() LIMIT 1) AS p"
    )
}

/// What the payouts say was sent is what the ledger says their lines paid; of those that came back it says nothing was.
async fn assert_paid_once(database: &TestDatabase, project: i64) {
    let client = database.connect_superuser().await;
    let query = "SELECT (SELECT count(*) FROM affiliate_private.payout AS p
                         CROSS JOIN LATERAL (
                           SELECT -sum(e.amount_minor) FILTER (WHERE e.entry_id = l.entry_id) AS sent, sum(e.amount_minor) FILTER (WHERE e.entry_id = l.returned_entry_id) AS back
                           FROM affiliate_private.payout_line AS l
                           JOIN affiliate_private.ledger_entry AS e ON e.project_id = l.project_id AND e.entry_id IN (l.entry_id, l.returned_entry_id)
                           WHERE l.project_id = p.project_id AND l.payout_id = p.payout_id) AS x
                         WHERE p.project_id = $1 AND p.status IN ('paid', 'returned')
                           AND (x.sent <> p.amount_minor OR p.status = 'returned' AND x.back IS DISTINCT FROM p.amount_minor)),
                        (SELECT count(*) FROM affiliate_private.payout AS p WHERE p.project_id = $1 AND p.status = 'returned')";
    let row = client.query_one(query, &[&project]).await.expect("sums");
    assert_eq!(row.get::<_, i64>(0), 0);
    assert!(row.get::<_, i64>(1) > 0, "no payout came back");
}
