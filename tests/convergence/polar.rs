//! A life as Polar tells it: events known by their delivery, and refunds by the newest word about the order.

use affiliate_tests::random::Random;
use serde_json::{Value, json};

use crate::clock::iso;
use crate::step::Delivery;
use crate::story::{Act, COUPONS, DAY, Fate, Hints, Payment, Subscription, Who, Why};

pub const NAME: &str = "polar";

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
                let order = order(payment, &payment.who, &payment.hints);
                teller.paid(payment, order);
            }
            Act::Subscribe(subscription) => teller.subscription(subscription),
        }
    }
    teller.events
}

impl Teller<'_> {
    fn send(&mut self, at: i64, name: &str, id: &str, data: Value) {
        let body = json!({"type": name, "timestamp": iso(at, 0), "data": data});
        let delivery_id = Some(format!("msg_{name}_{id}"));
        self.events.push(Delivery {
            at,
            provider: NAME,
            delivery_id,
            body,
        });
    }

    fn paid(&mut self, payment: &Payment, mut order: Value) {
        let id = &payment.id;
        self.send(payment.at, "order.paid", id, order.clone());
        if self.random.one_in(2) {
            self.send(payment.at, "order.updated", id, order.clone());
        }
        let net = |minor: i64| minor * payment.money.net() / payment.money.total().max(1);
        for (n, refund) in payment.refunds.iter().enumerate() {
            // Each change of the order has a moment of its own.
            order["refunded_amount"] = json!(net(refund.so_far));
            order["modified_at"] = json!(iso(refund.at, 2 * n + 1));
            self.send(
                refund.at,
                "order.refunded",
                &format!("{id}_{n}"),
                order.clone(),
            );
            if self.random.one_in(2) {
                self.send(
                    refund.at,
                    "order.updated",
                    &format!("{id}_{n}"),
                    order.clone(),
                );
            }
            if refund.fate == Fate::Fails {
                order["refunded_amount"] = json!(net(refund.so_far - refund.minor));
                order["modified_at"] = json!(iso(refund.fails_at, 2 * n + 2));
                self.send(
                    refund.fails_at,
                    "order.updated",
                    &format!("{id}_{n}f"),
                    order.clone(),
                );
            }
        }
    }

    fn subscription(&mut self, subscription: &Subscription) {
        let (id, at) = (&subscription.id, subscription.at);
        let code = subscription.hints.metadata.filter(|_| subscription.copied);
        let metadata = code.map_or(json!({}), |code| json!({"referral_code": code}));
        let mut state = json!({
            "id": format!("sub_{id}"), "status": "active", "customer_id": subscription.who.customer, "metadata": metadata,
            "customer": {"email": subscription.who.email}, "created_at": iso(at, 0), "modified_at": null, "ended_at": null,
        });
        self.send(at, "subscription.created", id, state.clone());
        for (why, payment) in &subscription.payments {
            let hints = match why {
                Why::First => subscription.hints.clone(),
                _ => Hints {
                    metadata: code,
                    ..Hints::default()
                },
            };
            let who = Who {
                email: payment.who.email.clone(),
                customer: subscription.who.customer.clone(),
            };
            let mut order = order(payment, &who, &hints);
            order["subscription_id"] = state["id"].clone();
            order["subscription"] = json!({"id": state["id"], "metadata": metadata});
            order["billing_reason"] = json!(match why {
                Why::First => "subscription_create",
                Why::Cycle => "subscription_cycle",
                Why::Upgrade => "subscription_update",
            });
            self.paid(payment, order);
        }
        if let Some(ended_at) = subscription.ended_at {
            state["status"] = json!("canceled");
            self.send(ended_at - DAY, "subscription.canceled", id, state.clone());
            if self.random.one_in(2) {
                state["ended_at"] = json!(iso(ended_at, 0));
            }
            self.send(ended_at, "subscription.revoked", id, state);
        }
    }
}

fn order(payment: &Payment, who: &Who, hints: &Hints) -> Value {
    let money = &payment.money;
    // Every order has a customer; a guest's is known by their email.
    let guest = || who.email.as_deref().unwrap_or(&payment.id).to_lowercase();
    let customer = who.customer.clone().unwrap_or_else(guest);
    let mut metadata = json!({});
    if let Some(code) = hints.metadata {
        metadata["referral_code"] = json!(code);
    }
    if let Some(code) = hints.reference {
        metadata["reference_id"] = json!(code);
    }
    json!({
        "id": payment.id, "status": "paid", "billing_reason": "purchase", "customer_id": customer,
        "customer": {"id": customer, "email": who.email}, "currency": money.currency, "net_amount": money.net(), "tax_amount": money.tax, "total_amount": money.net() + money.tax,
        "refunded_amount": 0, "created_at": iso(payment.at, 0), "modified_at": iso(payment.at, 0), "subscription_id": null,
        "product_id": money.lines[0].0, "metadata": metadata,
        "discount": hints.coupon.map(|coupon| json!({"id": format!("disc_{coupon}"), "code": COUPONS[coupon]})),
    })
}
