//! What the owner of a project does in the middle of its customers' lives.

use affiliate_tests::random::Random;
use serde_json::{Value, json};

use crate::step::Change;
use crate::story::{CODES, COUPON_IDS, COUPONS, DAY, HOUR, PRODUCTS, moment};

const AFFILIATES: [(&str, &str); 4] = [
    ("ada@example.com", "ADA"),
    ("bob@example.com", "BOB"),
    ("cleo@example.com", "CLEO"),
    // Buys too: nobody is paid for what they buy themselves.
    ("self@example.com", "SELF"),
];

/// How a project is when its customers' lives begin.
pub fn preparation() -> Vec<String> {
    let mut calls = vec![
        "SELECT affiliate.set_exchange_rate($1, 'EUR', '1.1', '2020-01-01Z')::text".to_owned(),
    ];
    for (email, code) in AFFILIATES {
        calls.push(call(
            "create_affiliate",
            &json!({"email": email, "referral_code": code}),
        ));
    }
    for (n, coupon) in COUPONS.iter().enumerate().take(3) {
        let create = json!({"coupon_code": coupon, "stripe_coupon_id": COUPON_IDS[n], "lemonsqueezy_discount_code": coupon, "status": "active"});
        calls.push(with_affiliate(n, "create_coupon", &create));
    }
    for level in [
        json!({"name": "Silver", "commission_percent": "27.7"}),
        json!({"name": "Gold", "commission_fixed": "4.44", "commission_duration": "first_purchase"}),
    ] {
        calls.push(format!("SELECT affiliate.set_level($1, '{level}')::text"));
    }
    calls
}

fn call(function: &str, arguments: &Value) -> String {
    format!("SELECT affiliate_api.{function}($1, '{arguments}')::text")
}

/// A call that names an affiliate by id.
fn with_affiliate(number: usize, function: &str, arguments: &Value) -> String {
    format!(
        "SELECT affiliate_api.{function}($1, '{arguments}'::jsonb || jsonb_build_object('affiliate_id', a.affiliate_id))::text
         FROM affiliate_private.affiliate AS a WHERE a.project_id = $1 AND a.referral_code_key = '{}'",
        AFFILIATES[number].1.to_lowercase()
    )
}

/// A handful of changes, in the order they are made.
pub fn changes(random: &mut Random, provider: &str, lives: u64, now: i64) -> Vec<Change> {
    let mut changes = vec![Change {
        at: now - 100 * DAY,
        sql: format!(
            "SELECT affiliate.set_exchange_rate($1, 'JPY', '0.0067', to_timestamp({}))::text",
            now - 100 * DAY
        ),
    }];
    for _ in 0..random.between(4, 10) {
        changes.push(dated(random, provider, now));
    }
    for _ in 0..random.below(3) {
        changes.push(Change {
            at: now,
            sql: immediate(random),
        });
    }
    for _ in 0..lives / 3 {
        let life = random.below(lives);
        changes.push(Change {
            at: now,
            sql: touch(random, life),
        });
    }
    let rate = changes.remove(0);
    if random.one_in(2) {
        // Else in their order in time.
        random.shuffle(&mut changes);
    } else {
        changes.sort_by_key(|change| change.at);
    }
    // What credits a sale in a currency needs its rate.
    changes.insert(0, rate);
    changes
}

fn dated(random: &mut Random, provider: &str, now: i64) -> Change {
    let at = if random.one_in(8) {
        // Before the project had any settings.
        now - 200 * DAY
    } else {
        moment(random, now, -45, 15) - random.between(0, 1) * HOUR
    };
    let percent = ["0", "7", "12.5", "33.3333", "100"][super::story::pick(random, 5)];
    let code = AFFILIATES[super::story::pick(random, 3)].1.to_lowercase();
    let product = *random.pick(&PRODUCTS);
    let sql = match random.below(9) {
        0 => format!(
            "SELECT affiliate.set_affiliate_commission($1, a.affiliate_id, '{percent}', NULL, to_timestamp({at}))::text
             FROM affiliate_private.affiliate AS a WHERE a.project_id = $1 AND a.referral_code_key = '{code}'"
        ),
        1 => format!(
            "SELECT affiliate.set_product_commission($1, '{provider}', '{product}', '{percent}', NULL, to_timestamp({at}))::text"
        ),
        2 => format!(
            "SELECT affiliate.set_exchange_rate($1, 'EUR', '1.{}', to_timestamp({at}))::text",
            random.between(0, 99)
        ),
        3 => parent(random, at),
        4 => level(random, at),
        _ => {
            let setting = setting(random);
            format!("SELECT affiliate.set_project($1, '{setting}', to_timestamp({at}))::text")
        }
    };
    Change { at, sql }
}

/// One of the first two is put under a later one (so that nobody is above themselves), or under nobody.
fn parent(random: &mut Random, at: i64) -> String {
    let affiliate = super::story::pick(random, 2);
    let parent = affiliate + 1 + super::story::pick(random, 3 - affiliate);
    let email = |n: usize| AFFILIATES.get(n).map_or("", |(email, _)| email);
    format!(
        "SELECT affiliate.set_affiliate_parent($1, a.affiliate_id, p.affiliate_id, to_timestamp({at}))::text
         FROM affiliate_private.affiliate AS a
         LEFT JOIN affiliate_private.affiliate AS p ON p.project_id = a.project_id AND p.email = '{}' AND p.referral_code_key <> 'self'
         WHERE a.project_id = $1 AND a.email = '{}'",
        email(parent),
        email(affiliate)
    )
}

fn level(random: &mut Random, at: i64) -> String {
    let affiliate = AFFILIATES[super::story::pick(random, 3)].0;
    let level = ["Silver", "Gold", "none"][super::story::pick(random, 3)];
    format!(
        "SELECT affiliate.set_affiliate_level($1, a.affiliate_id, l.level_id, true, to_timestamp({at}))::text
         FROM affiliate_private.affiliate AS a
         LEFT JOIN affiliate_private.commission_level AS l ON l.project_id = a.project_id AND l.name = '{level}'
         WHERE a.project_id = $1 AND a.email = '{affiliate}'"
    )
}

fn setting(random: &mut Random) -> Value {
    let yes = if random.one_in(2) { "true" } else { "false" };
    match random.below(13) {
        0 => json!({"commission_percent": "15.5"}),
        1 => json!({"commission_fixed": "3.33"}),
        2 => json!({"hold_days": (random.below(3) * 15).to_string()}),
        3 => {
            let durations = ["lifetime", "first_purchase", "limited"];
            let months = json!({"commission_duration": *random.pick(&durations)});
            if months["commission_duration"] == "limited" {
                json!({"commission_duration": "limited", "commission_months": "1"})
            } else {
                months
            }
        }
        4 => json!({ "recurring_commission": yes }),
        5 => json!({ "upgrade_commission": yes }),
        6 => json!({"commission_base": *random.pick(&["net", "gross"])}),
        9 => json!({"tier_percent": "3.25", "tier_months": (random.below(3)).to_string()}),
        10 => json!({"tier_fixed": "0.77"}),
        11 => json!({"tier_percent": "6"}),
        7 | 8 => json!({"on_cancel": *random.pick(&["keep", "reverse_held", "reverse_held"])}),
        _ => match random.below(2) {
            0 => json!({"touch_model": *random.pick(&["first", "last"])}),
            _ => json!({ "allow_self_referral": yes }),
        },
    }
}

/// What the API dates by its own clock: the lives go on before and after it.
fn immediate(random: &mut Random) -> String {
    let affiliate = super::story::pick(random, 3);
    let email = AFFILIATES[affiliate].0;
    match random.below(4) {
        0 => call(
            "update_affiliate",
            &json!({"email": email, "status": *random.pick(&["inactive", "active"])}),
        ),
        1 => {
            let code = format!("{}{}", AFFILIATES[affiliate].1, random.below(1000));
            call(
                "update_affiliate",
                &json!({"email": email, "referral_code": code}),
            )
        }
        2 => {
            // One of the customers turns out to be an affiliate.
            let life = format!("life{}@example.com", random.below(4));
            let email = "self@example.com";
            format!(
                "SELECT affiliate_api.update_affiliate(a.project_id, jsonb_build_object('email', a.email, 'new_email', '{life}'))::text
                 FROM affiliate_private.affiliate AS a WHERE a.project_id = $1 AND a.email = '{email}'"
            )
        }
        _ => coupon(random),
    }
}

fn coupon(random: &mut Random) -> String {
    let (coupon, owner) = (super::story::pick(random, 3), super::story::pick(random, 3));
    let status = if random.one_in(3) {
        "inactive"
    } else {
        "active"
    };
    format!(
        "SELECT affiliate_api.update_coupon($1, jsonb_build_object('id', c.coupon_id, 'affiliate_id', a.affiliate_id, 'status', '{status}'))::text
         FROM affiliate_private.coupon AS c JOIN affiliate_private.affiliate AS a USING (project_id)
         WHERE c.project_id = $1 AND c.coupon_code = '{}' AND a.email = '{}'",
        COUPONS[coupon], AFFILIATES[owner].0
    )
}

/// A visitor signs up through an affiliate's link, where that affiliate is still active.
fn touch(random: &mut Random, life: u64) -> String {
    let code = random.pick(&CODES).to_lowercase();
    let suffix = if random.one_in(3) { ".b" } else { "" };
    let arguments = json!({"email": format!("life{life}{suffix}@example.com")});
    format!(
        "SELECT affiliate_api.store_attribution($1, '{arguments}'::jsonb || jsonb_build_object('referral_code', a.referral_code))::text
         FROM affiliate_private.affiliate AS a WHERE a.project_id = $1 AND a.referral_code_key LIKE '{code}%' AND a.status = 'active'"
    )
}
