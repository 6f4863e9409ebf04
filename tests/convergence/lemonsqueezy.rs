//! A life as LemonSqueezy tells it: no event ids, refunds as sums so far, and the first payment of a subscription three times.

use affiliate_tests::random::Random;
use serde_json::{Value, json};

use crate::clock::iso;
use crate::step::Delivery;
use crate::story::{Act, DAY, Fate, Money, PRODUCTS, Payment, Subscription, Who, Why};

pub const NAME: &str = "lemonsqueezy";

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
            Act::Purchase(payment) => teller.purchase(payment),
            Act::Subscribe(subscription) => teller.subscription(subscription),
        }
    }
    teller.events
}

impl Teller<'_> {
    /// An event about an object that was last changed at a moment.
    fn send(&mut self, at: i64, name: &str, id: &str, code: Option<&str>, mut attributes: Value) {
        attributes["updated_at"] = json!(iso(at, 0));
        let custom = code.map_or(json!({}), |code| json!({"referral_code": code}));
        let kind = match name {
            "order_created" | "order_refunded" => "orders",
            _ if name.contains("_payment_") => "subscription-invoices",
            _ => "subscriptions",
        };
        let body = json!({
            "meta": {"event_name": name, "test_mode": false, "custom_data": custom},
            "data": {"type": kind, "id": id, "attributes": attributes},
        });
        self.events.push(Delivery {
            at,
            provider: NAME,
            delivery_id: None,
            body,
        });
    }

    fn purchase(&mut self, payment: &Payment) {
        let code = payment.hints.metadata.or(payment.hints.reference);
        let mut order = paid(&payment.who, &payment.money, payment.at);
        order["first_order_item"] = json!({"product_id": payment.money.lines[0].0});
        self.send(
            payment.at,
            "order_created",
            &payment.id,
            code,
            order.clone(),
        );
        self.given_back("order_refunded", payment, &order);
        if let (Some(refund), true) = (payment.refunds.last(), self.random.one_in(4)) {
            // Sent again by hand, as it is by then.
            order["status"] = json!("partial_refund");
            order["refunded_amount"] = json!(refund.so_far);
            self.send(refund.at + DAY, "order_created", &payment.id, code, order);
        }
    }

    fn given_back(&mut self, name: &str, payment: &Payment, object: &Value) {
        for refund in payment
            .refunds
            .iter()
            .filter(|refund| refund.fate == Fate::Stands)
        {
            let mut object = object.clone();
            let whole = refund.so_far == payment.money.total();
            object["status"] = json!(if whole { "refunded" } else { "partial_refund" });
            object["refunded_amount"] = json!(refund.so_far);
            object["refunded_at"] = json!(iso(refund.at, 0));
            self.send(refund.at, name, &payment.id, None, object);
        }
    }

    fn subscription(&mut self, subscription: &Subscription) {
        let (id, at, first) = (
            &subscription.id,
            subscription.at,
            &subscription.payments[0].1,
        );
        let code = subscription.hints.metadata.or(subscription.hints.reference);
        let seen = if subscription.copied { code } else { None };
        let mut order = first.clone();
        order.at = at;
        order.who.clone_from(&subscription.who);
        order.hints.metadata = code;
        self.purchase(&order);
        let mut state = json!({
            "customer_id": subscription.who.customer, "user_email": subscription.who.email, "order_id": first.id,
            "product_id": first.money.lines[0].0, "status": "active", "created_at": iso(at, 0), "ends_at": null,
        });
        self.send(at, "subscription_created", id, code, state.clone());
        for (why, payment) in &subscription.payments {
            self.invoice(subscription, *why, payment, seen);
            if *why == Why::Upgrade {
                state["product_id"] = json!(PRODUCTS[1]);
            }
            if self.random.one_in(2) {
                self.send(
                    payment.at + 1,
                    "subscription_updated",
                    id,
                    seen,
                    state.clone(),
                );
            }
        }
        if let Some(ended_at) = subscription.ended_at {
            state["ends_at"] = json!(iso(ended_at, 0));
            state["status"] = json!("cancelled");
            self.send(
                ended_at - DAY,
                "subscription_cancelled",
                id,
                seen,
                state.clone(),
            );
            state["status"] = json!("expired");
            self.send(ended_at, "subscription_expired", id, seen, state);
        }
    }

    fn invoice(
        &mut self,
        subscription: &Subscription,
        why: Why,
        payment: &Payment,
        code: Option<&str>,
    ) {
        let mut invoice = paid(&payment.who, &payment.money, payment.at);
        invoice["customer_id"] = json!(subscription.who.customer);
        invoice["subscription_id"] = json!(subscription.id);
        invoice["billing_reason"] = json!(match why {
            Why::First => "initial",
            Why::Cycle => "renewal",
            Why::Upgrade => "updated",
        });
        let name = "subscription_payment_success";
        self.send(payment.at, name, &payment.id, code, invoice.clone());
        // A refund of the first payment may be told of the order, of the invoice, or of both.
        if why != Why::First || self.random.one_in(2) {
            self.given_back("subscription_payment_refunded", payment, &invoice);
        }
    }
}

fn paid(who: &Who, money: &Money, at: i64) -> Value {
    json!({
        "customer_id": who.customer, "user_email": who.email, "currency": money.currency.to_uppercase(), "status": "paid",
        "total": money.total(), "tax": money.tax, "subtotal": money.net(), "refunded_amount": 0, "refunded_at": null,
        "created_at": iso(at, 0),
    })
}
