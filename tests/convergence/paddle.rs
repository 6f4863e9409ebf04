//! A life as Paddle tells it: emails only of customers, codes only of discounts, and adjustments that may be turned down.

use affiliate_tests::random::Random;
use serde_json::{Value, json};

use crate::clock::iso;
use crate::step::Delivery;
use crate::story::{Act, COUPONS, DAY, Fate, Hints, Money, Payment, Subscription, Who, Why};

pub const NAME: &str = "paddle";

struct Teller<'a> {
    random: &'a mut Random,
    events: Vec<Delivery>,
}

pub fn tell(random: &mut Random, acts: &[Act]) -> Vec<Delivery> {
    let mut teller = Teller {
        random,
        events: Vec::new(),
    };
    for act in acts {
        match act {
            Act::Purchase(payment) => {
                teller.customer(&payment.who, &payment.id, payment.at);
                let transaction = transaction(payment, customer(&payment.who), &payment.hints);
                teller.paid(payment, transaction);
            }
            Act::Subscribe(subscription) => teller.subscription(subscription),
        }
    }
    teller.events
}

impl Teller<'_> {
    fn send(&mut self, at: i64, name: &str, id: &str, data: Value) {
        let body = json!({
            "event_id": format!("evt_{name}_{id}"), "event_type": name, "occurred_at": iso(at, 0),
            "notification_id": format!("ntf_{id}"), "data": data,
        });
        self.events.push(Delivery {
            at,
            provider: NAME,
            delivery_id: None,
            body,
        });
    }

    /// Who the customer is, sooner or later; their email may change.
    fn customer(&mut self, who: &Who, id: &str, at: i64) {
        if let Some(email) = &who.email {
            let name = *self.random.pick(&["customer.created", "customer.updated"]);
            let at = at + DAY * self.random.between(-3, 3);
            self.send(at, name, id, json!({"id": customer(who), "email": email}));
        }
    }

    /// What a discount's code is; it may have been another before.
    fn discount(&mut self, hints: &Hints, id: &str, at: i64) {
        let Some(coupon) = hints.coupon else { return };
        if self.random.one_in(2) {
            let at = at + DAY * self.random.between(-5, 5);
            let code = if self.random.one_in(5) {
                self.random.pick(&COUPONS)
            } else {
                COUPONS[coupon]
            };
            self.send(
                at,
                "discount.updated",
                id,
                json!({"id": format!("dsc_{coupon}"), "code": code}),
            );
        }
    }

    fn paid(&mut self, payment: &Payment, data: Value) {
        self.discount(&payment.hints, &payment.id, payment.at);
        self.send(payment.at, "transaction.completed", &payment.id, data);
        let net = |minor: i64| minor * payment.money.net() / payment.money.total().max(1);
        for (n, refund) in payment.refunds.iter().enumerate() {
            let id = format!("adj_{}_{n}", payment.id);
            let mut data = adjustment(&id, payment, "refund", net(refund.minor));
            if self.random.one_in(2) || refund.fate == Fate::Fails {
                data["status"] = json!("pending_approval");
                self.send(refund.at, "adjustment.created", &id, data.clone());
                let rejected = refund.fate == Fate::Fails;
                data["status"] = json!(if rejected { "rejected" } else { "approved" });
                self.send(
                    refund.fails_at.max(refund.at + 1),
                    "adjustment.updated",
                    &id,
                    data,
                );
            } else {
                self.send(refund.at, "adjustment.created", &id, data);
            }
        }
        let Some(dispute) = &payment.dispute else {
            return;
        };
        let id = format!("chb_{}", payment.id);
        let all = net(payment.money.total() - payment.money.credit);
        let data = adjustment(&id, payment, "chargeback", all);
        self.send(dispute.at, "adjustment.created", &id, data.clone());
        if dispute.won == Some(true) {
            if self.random.one_in(2) {
                let mut data = data;
                data["status"] = json!("reversed");
                self.send(dispute.closed_at + 1, "adjustment.updated", &id, data);
            }
            let id = format!("chr_{}", payment.id);
            let data = adjustment(&id, payment, "chargeback_reverse", all);
            self.send(dispute.closed_at, "adjustment.created", &id, data);
        }
    }

    fn subscription(&mut self, subscription: &Subscription) {
        let (id, at) = (&subscription.id, subscription.at);
        self.customer(&subscription.who, id, at);
        let customer = customer(&subscription.who);
        let code = subscription.hints.metadata.filter(|_| subscription.copied);
        let mut state = json!({
            "id": format!("sub_{id}"), "customer_id": customer, "status": "active", "canceled_at": null, "discount": null,
            "transaction_id": subscription.payments[0].1.id, "custom_data": code.map(|code| json!({"referral_code": code})),
        });
        self.send(at, "subscription.created", id, state.clone());
        if let Some(members) = state.as_object_mut() {
            members.remove("transaction_id");
        }
        for (why, payment) in &subscription.payments {
            let hints = match why {
                Why::First => subscription.hints.clone(),
                _ => Hints {
                    metadata: code,
                    ..Hints::default()
                },
            };
            let mut data = transaction(payment, customer.clone(), &hints);
            data["subscription_id"] = state["id"].clone();
            data["origin"] = json!(match why {
                Why::First => "web",
                Why::Cycle => "subscription_recurring",
                Why::Upgrade => "subscription_update",
            });
            self.paid(payment, data);
        }
        if let Some((at, coupon, dated)) = subscription.coupon {
            let starts_at = dated.then(|| iso(at, 0));
            state["discount"] = json!({"id": format!("dsc_{coupon}"), "starts_at": starts_at});
            self.send(at, "subscription.updated", &format!("{id}d"), state.clone());
        }
        if let Some(ended_at) = subscription.ended_at {
            state["status"] = json!("canceled");
            state["canceled_at"] = json!(iso(ended_at, 0));
            self.send(ended_at, "subscription.canceled", id, state.clone());
            self.send(
                ended_at + 1,
                "subscription.updated",
                &format!("{id}e"),
                state,
            );
        }
    }
}

fn customer(who: &Who) -> Option<String> {
    let by_email = || {
        who.email
            .as_ref()
            .map(|email| format!("ctm_{}", email.to_lowercase()))
    };
    who.customer.clone().or_else(by_email)
}

fn adjustment(id: &str, payment: &Payment, action: &str, net: i64) -> Value {
    json!({
        "id": id, "transaction_id": payment.id, "action": action, "status": "approved",
        "currency_code": payment.money.currency.to_uppercase(),
        "totals": {"subtotal": net.to_string(), "tax": "0", "total": net.to_string()},
    })
}

fn transaction(payment: &Payment, customer: Option<String>, hints: &Hints) -> Value {
    let Money {
        lines,
        discount,
        tax,
        credit,
        ..
    } = &payment.money;
    let total = payment.money.total();
    let items: Vec<Value> = lines
        .iter()
        .enumerate()
        .map(|(n, (product, amount))| {
            let total = amount - if n == 0 { *discount } else { 0 } + if n == 0 { *tax } else { 0 };
            let tax = if n == 0 { *tax } else { 0 };
            json!({"product": {"id": product}, "totals": {"total": total.to_string(), "tax": tax.to_string()}})
        })
        .collect();
    json!({
        "id": payment.id, "status": "completed", "origin": "web", "customer_id": customer, "subscription_id": null,
        "currency_code": payment.money.currency.to_uppercase(),
        "discount_id": hints.coupon.map(|coupon| format!("dsc_{coupon}")),
        "custom_data": hints.metadata.or(hints.reference).map(|code| json!({"referral_code": code})),
        "details": {"line_items": items, "totals": {
            "total": total.to_string(), "tax": tax.to_string(), "credit": credit.to_string(), "grand_total": (total - credit).to_string(),
        }},
    })
}
