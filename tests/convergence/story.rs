//! What happens in a customer's life, whoever takes the payments. A provider's module tells it in that provider's events.

use affiliate_tests::random::Random;

pub const HOUR: i64 = 3600;
pub const DAY: i64 = 24 * HOUR;
/// Referral codes people come with; not all of them are anybody's.
pub const CODES: [&str; 6] = ["ADA", "bob", "CLEO", "SELF", "NOBODY", "dee"];
/// Coupons of ADA, BOB and CLEO, and one that is nobody's.
pub const COUPONS: [&str; 4] = ["ADA10", "BOB10", "CLEO10", "FREE10"];
/// The ids that a provider has for [`COUPONS`].
pub const COUPON_IDS: [&str; 4] = ["coup_ada", "coup_bob", "coup_cleo", "coup_free"];
pub const PRODUCTS: [&str; 3] = ["prod_basic", "prod_team", "prod_extra"];
/// The rate of the last one becomes known late.
pub const CURRENCIES: [&str; 3] = ["usd", "eur", "jpy"];

/// Who pays, as far as an event says.
#[derive(Debug, Clone, Default)]
pub struct Who {
    pub customer: Option<String>,
    pub email: Option<String>,
}

/// What an event says about who referred the customer.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    pub metadata: Option<&'static str>,
    pub reference: Option<&'static str>,
    pub coupon: Option<usize>,
}

/// Minor units; what is paid is the lines less the discount, plus shipping and tax.
#[derive(Debug, Clone)]
pub struct Money {
    pub currency: &'static str,
    pub lines: Vec<(&'static str, i64)>,
    pub discount: i64,
    pub shipping: i64,
    pub tax: i64,
    /// Paid from what the customer has standing to their credit.
    pub credit: i64,
}

impl Money {
    pub fn net(&self) -> i64 {
        self.lines.iter().map(|line| line.1).sum::<i64>() - self.discount
    }

    pub fn total(&self) -> i64 {
        self.net() + self.shipping + self.tax
    }

    fn free(currency: &'static str) -> Self {
        Self {
            currency,
            lines: vec![(PRODUCTS[0], 0)],
            discount: 0,
            shipping: 0,
            tax: 0,
            credit: 0,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    First,
    Cycle,
    Upgrade,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Stands,
    Fails,
}

/// One refund of several of a payment.
#[derive(Debug, Clone)]
pub struct Refund {
    pub at: i64,
    /// Tax included.
    pub minor: i64,
    /// Of those before it that had not failed by then, and itself.
    pub so_far: i64,
    pub fate: Fate,
    /// When it fails.
    pub fails_at: i64,
}

#[derive(Debug, Clone)]
pub struct Dispute {
    pub at: i64,
    pub closed_at: i64,
    pub won: Option<bool>,
}

/// Something a customer pays.
#[derive(Debug, Clone)]
pub struct Payment {
    pub at: i64,
    pub id: String,
    pub who: Who,
    pub hints: Hints,
    pub money: Money,
    pub refunds: Vec<Refund>,
    pub dispute: Option<Dispute>,
}

#[derive(Debug, Clone)]
pub struct Subscription {
    pub id: String,
    pub at: i64,
    pub who: Who,
    pub hints: Hints,
    /// The referral code is copied to the subscription.
    pub copied: bool,
    pub payments: Vec<(Why, Payment)>,
    /// A coupon applied later: when, which, to the customer instead of the subscription.
    pub coupon: Option<(i64, usize, bool)>,
    pub ended_at: Option<i64>,
}

#[derive(Debug, Clone)]
pub enum Act {
    Purchase(Payment),
    Subscribe(Subscription),
}

/// A moment at least half an hour from now, so that nothing leaves its hold and nothing that the owner does now changes
/// sides while a test runs. Few moments, so that many coincide.
pub fn moment(random: &mut Random, now: i64, first_day: i64, last_day: i64) -> i64 {
    now + HOUR / 2 + random.between(first_day, last_day) * DAY + random.between(0, 2) * HOUR
}

/// One customer's life.
pub fn life(random: &mut Random, number: u64, now: i64) -> Vec<Act> {
    let mut acts = Vec::new();
    for n in 0..random.below(3) {
        let at = moment(random, now, -40, 15);
        let money = money(random, true);
        let payment = payment(random, at, &format!("l{number}p{n}"), number, money);
        acts.push(Act::Purchase(payment));
    }
    for n in 0..random.between(i64::from(acts.is_empty()), 1) {
        acts.push(Act::Subscribe(subscription(random, number, n, now)));
    }
    acts
}

fn subscription(random: &mut Random, number: u64, n: i64, now: i64) -> Subscription {
    let id = format!("l{number}s{n}");
    let at = moment(random, now, -50, 5);
    let mut who = who(random, number);
    who.customer
        .get_or_insert_with(|| format!("cus_life{number}"));
    let hints = hints(random);
    let usual = money(random, false);
    let trial = random.one_in(4);
    let mut payments = Vec::new();
    let mut due = at;
    for count in 0..random.between(1, 5) {
        let (why, money) = match count {
            0 if trial => (Why::First, Money::free(usual.currency)),
            0 => (Why::First, usual.clone()),
            _ if random.one_in(4) => (Why::Upgrade, proration(random, usual.currency)),
            _ => (Why::Cycle, credited(random, &usual)),
        };
        let mut payment = payment(random, due, &format!("{id}i{count}"), number, money);
        payment.who.customer.clone_from(&who.customer);
        payment.hints = Hints::default();
        payments.push((why, payment));
        due += random.between(1, 10) * DAY * random.between(0, 1).max(i64::from(count > 0));
    }
    Subscription {
        coupon: random.one_in(3).then(|| {
            let at = moment(random, now, -45, 10);
            (at, pick(random, COUPONS.len()), random.one_in(3))
        }),
        ended_at: random
            .one_in(2)
            .then(|| due + random.between(-9, 6) * DAY + random.between(0, 1) * HOUR),
        copied: random.one_in(2),
        id,
        at,
        who,
        hints,
        payments,
    }
}

fn payment(random: &mut Random, at: i64, id: &str, number: u64, money: Money) -> Payment {
    let total = money.total() - money.credit;
    let (mut refunds, mut so_far) = (Vec::new(), 0);
    while so_far < total && refunds.len() < 3 && random.one_in(4) {
        let left = total - so_far;
        let minor = match random.below(2) {
            0 => left,
            _ => random.between(1, left),
        };
        so_far += minor;
        let last: Option<&Refund> = refunds.last();
        let refund_at = last.map_or(at, |last| last.at.max(last.fails_at))
            + random.between(0, 4) * DAY
            + random.between(0, 1) * HOUR;
        let fails = random.one_in(4);
        refunds.push(Refund {
            at: refund_at,
            minor,
            so_far,
            fate: if fails { Fate::Fails } else { Fate::Stands },
            fails_at: refund_at + if fails { random.between(0, 2) * DAY } else { 0 },
        });
        if fails {
            so_far -= minor;
        }
    }
    let dispute = (total > 0 && random.one_in(10)).then(|| {
        let opened = at + random.between(0, 6) * DAY;
        Dispute {
            at: opened,
            closed_at: opened + random.between(0, 5) * DAY,
            won: (!random.one_in(3)).then(|| random.one_in(2)),
        }
    });
    Payment {
        at,
        id: id.to_owned(),
        who: who(random, number),
        hints: hints(random),
        money,
        refunds,
        dispute,
    }
}

/// A person goes by two emails and two customer ids; some are one household, and one is an affiliate.
fn who(random: &mut Random, number: u64) -> Who {
    let email = match random.below(16) {
        0 | 1 => None,
        2..=5 => Some(format!("life{number}@example.com")),
        6..=8 => Some(format!("Life{number}@Example.com")),
        9..=11 => Some(format!("life{number}.b@example.com")),
        12 => Some(format!("life{}@example.com", number.saturating_sub(1))),
        13 if number.is_multiple_of(8) => Some("self@example.com".to_owned()),
        _ => Some(format!("life{number}@example.com")),
    };
    let customer = match random.below(8) {
        0..=2 => None,
        3..=5 => Some(format!("cus_life{number}")),
        6 => Some(format!("cus_life{number}b")),
        _ if number.is_multiple_of(7) => Some(format!("cus_life{}", number / 7 * 7)),
        _ => Some(format!("cus_life{number}")),
    };
    Who { customer, email }
}

fn hints(random: &mut Random) -> Hints {
    Hints {
        metadata: random.one_in(3).then(|| *random.pick(&CODES)),
        reference: random.one_in(4).then(|| *random.pick(&CODES)),
        coupon: random.one_in(5).then(|| pick(random, COUPONS.len())),
    }
}

fn money(random: &mut Random, once: bool) -> Money {
    let mut lines = vec![(*random.pick(&PRODUCTS), random.between(1, 20_000))];
    if random.one_in(3) {
        lines.push((*random.pick(&PRODUCTS), random.between(0, 5_000)));
    }
    let gross: i64 = lines.iter().map(|line| line.1).sum();
    let discount = if random.one_in(3) {
        gross * random.between(1, 10) / 10
    } else {
        0
    };
    Money {
        currency: CURRENCIES[usize::from(random.one_in(4)) + usize::from(random.one_in(8))],
        discount,
        shipping: if once && random.one_in(5) { 499 } else { 0 },
        tax: if random.one_in(2) {
            (gross - discount) * 19 / 100
        } else {
            0
        },
        credit: 0,
        lines,
    }
}

fn credited(random: &mut Random, usual: &Money) -> Money {
    let mut money = usual.clone();
    if random.one_in(6) {
        money.credit = random.between(0, money.total());
    }
    money
}

/// A dearer plan for the rest of the period; sometimes the credit for the old one is higher.
fn proration(random: &mut Random, currency: &'static str) -> Money {
    let (old, new) = (random.between(1, 3_000), random.between(1, 9_000));
    Money {
        lines: vec![(PRODUCTS[0], -old), (PRODUCTS[1], new)],
        ..Money::free(currency)
    }
}

pub fn pick(random: &mut Random, count: usize) -> usize {
    usize::try_from(random.below(count as u64)).expect("an index")
}
