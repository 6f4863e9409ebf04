//! A life as Stripe tells it, in the shapes of API versions before basil, of basil and of clover.

use affiliate_tests::random::Random;
use serde_json::{Value, json};

use crate::step::Delivery;
use crate::story::{Act, COUPON_IDS, COUPONS, HOUR, Hints, Money, Payment, Subscription, Who, Why};

mod returns;

pub const NAME: &str = "stripe";

/// Writes the events of one life.
struct Teller<'a> {
    random: &'a mut Random,
    events: Vec<Delivery>,
    /// The API version is from before basil: objects name each other more freely.
    old: bool,
    /// Which news of refunds the endpoint gets: of the charge, of each refund, or both.
    refund_news: u64,
}

pub fn tell(random: &mut Random, acts: &[Act]) -> Vec<Delivery> {
    let (old, refund_news) = (random.one_in(4), random.below(3));
    let mut teller = Teller {
        random,
        events: Vec::new(),
        old,
        refund_news,
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
    fn send(&mut self, at: i64, name: &str, id: &str, object: Value) {
        let version = if self.old {
            "2024-06-20"
        } else {
            "2026-10-28.endive"
        };
        let body = json!({
            "id": format!("evt_{id}"), "object": "event", "api_version": version, "created": at, "type": name,
            "livemode": false, "pending_webhooks": 1, "data": {"object": object},
        });
        self.events.push(Delivery {
            at,
            provider: NAME,
            delivery_id: None,
            body,
        });
    }

    /// Every id may come as the object itself.
    fn reference(&mut self, kind: &str, id: &str) -> Value {
        if self.random.one_in(8) {
            json!({"id": id, "object": kind})
        } else {
            json!(id)
        }
    }

    /// A moment of the same second, or soon after.
    fn soon(&mut self, at: i64) -> i64 {
        at + self.random.between(0, 2)
    }

    fn purchase(&mut self, payment: &Payment) {
        let (id, at) = (&payment.id, payment.at);
        let invoiced = self.random.one_in(5);
        let mut session = self.session(id, "payment", &payment.who, &payment.hints);
        session["payment_intent"] = self.reference("payment_intent", &format!("pi_{id}"));
        if invoiced {
            session["invoice"] = json!(format!("in_{id}"));
        }
        charge_session(&mut session, &payment.money);
        let later = at + HOUR * self.random.between(1, 30);
        let slow = self.random.one_in(5);
        if slow {
            let mut unpaid = session.clone();
            unpaid["payment_status"] = json!("unpaid");
            // There is none before the money.
            unpaid["invoice"] = Value::Null;
            self.send(
                at,
                "checkout.session.completed",
                &format!("cs_{id}"),
                unpaid,
            );
            let name = "checkout.session.async_payment_succeeded";
            self.send(later, name, &format!("async_{id}"), session.clone());
        } else {
            let name = "checkout.session.completed";
            self.send(at, name, &format!("cs_{id}"), session.clone());
        }
        if self.random.one_in(8) {
            // Told again under another event id.
            let again = self.soon(at);
            let name = "checkout.session.completed";
            self.send(again, name, &format!("cs2_{id}"), session);
        }
        if invoiced {
            let paid_at = if slow { later } else { self.soon(at) };
            let mut invoice = self.invoice(id, &payment.who, &payment.money);
            invoice["billing_reason"] = json!("manual");
            self.paid(paid_at, id, invoice);
        }
        self.given_back(payment, invoiced);
    }

    fn subscription(&mut self, subscription: &Subscription) {
        let (id, at) = (&subscription.id, subscription.at);
        let metadata = match subscription.hints.metadata {
            Some(code) if subscription.copied => json!({"referral_code": code}),
            _ => json!({}),
        };
        let first = &subscription.payments[0].1;
        let mut session = self.session(id, "subscription", &subscription.who, &subscription.hints);
        session["subscription"] = self.reference("subscription", &format!("sub_{id}"));
        session["invoice"] = json!(format!("in_{}", first.id));
        charge_session(&mut session, &first.money);
        if first.money.total() == 0 {
            session["payment_status"] = json!("no_payment_required");
        }
        let seen = self.soon(at);
        self.send(
            seen,
            "checkout.session.completed",
            &format!("cs_{id}"),
            session,
        );
        let customer = subscription.who.customer.clone().unwrap_or_default();
        let mut object = json!({
            "id": format!("sub_{id}"), "object": "subscription", "customer": customer, "status": "active",
            "metadata": metadata, "discounts": [], "ended_at": null,
        });
        self.send(
            at,
            "customer.subscription.created",
            &format!("sub_{id}"),
            object.clone(),
        );
        for (why, payment) in &subscription.payments {
            self.cycle(subscription, *why, payment, &metadata);
        }
        if let Some((at, coupon, of_customer)) = subscription.coupon {
            let mut discount = self.discount(coupon);
            discount["start"] = json!(at);
            discount["customer"] = json!(customer);
            discount["subscription"] = if of_customer {
                Value::Null
            } else {
                json!(format!("sub_{id}"))
            };
            // Its start may be dated back.
            let told = self.soon(at) + HOUR * self.random.below(2).cast_signed() * 30;
            self.send(
                told,
                "customer.discount.created",
                &format!("di_{id}"),
                discount,
            );
        }
        if let Some(ended_at) = subscription.ended_at {
            object["status"] = json!("canceled");
            object["ended_at"] = json!(ended_at);
            let told = self.soon(ended_at);
            self.send(
                told,
                "customer.subscription.deleted",
                &format!("end_{id}"),
                object,
            );
        }
    }

    fn cycle(
        &mut self,
        subscription: &Subscription,
        why: Why,
        payment: &Payment,
        metadata: &Value,
    ) {
        let id = &payment.id;
        let mut invoice = self.invoice(id, &payment.who, &payment.money);
        invoice["billing_reason"] = json!(match why {
            Why::First => "subscription_create",
            Why::Cycle => "subscription_cycle",
            Why::Upgrade => "subscription_update",
        });
        let details =
            json!({"subscription": format!("sub_{}", subscription.id), "metadata": metadata});
        if self.old {
            invoice["subscription"] = details["subscription"].clone();
            invoice["subscription_details"] = json!({ "metadata": metadata });
        } else {
            invoice["parent"] =
                json!({"type": "subscription_details", "subscription_details": details});
        }
        let at = self.soon(payment.at);
        self.paid(at, id, invoice);
        self.given_back(payment, true);
    }

    /// An invoice is paid: the event of it, and which payment did it.
    fn paid(&mut self, at: i64, id: &str, mut invoice: Value) {
        if self.old {
            invoice["payment_intent"] = self.reference("payment_intent", &format!("pi_{id}"));
            invoice["charge"] = self.reference("charge", &format!("ch_{id}"));
        } else if invoice["amount_paid"].as_i64() > Some(0) {
            let payment = json!({
                "id": format!("inpay_{id}"), "object": "invoice_payment", "invoice": format!("in_{id}"), "status": "paid",
                "payment": {"type": "payment_intent", "payment_intent": format!("pi_{id}")},
            });
            self.send(at, "invoice_payment.paid", &format!("inpay_{id}"), payment);
        }
        self.send(at, "invoice.paid", &format!("in_{id}"), invoice.clone());
        if self.random.one_in(4) {
            let name = "invoice.payment_succeeded";
            self.send(at, name, &format!("ins_{id}"), invoice);
        }
    }

    fn session(&mut self, id: &str, mode: &str, who: &Who, hints: &Hints) -> Value {
        let discounts = hints.coupon.map(|coupon| {
            let mut discount = self.discount(coupon);
            discount["object"] = json!("checkout_session_discount");
            discount
        });
        json!({
            "id": format!("cs_{id}"), "object": "checkout.session", "mode": mode, "payment_status": "paid", "status": "complete",
            "customer": who.customer.as_deref().map(|customer| self.reference("customer", customer)),
            "customer_details": {"email": who.email}, "customer_email": null,
            "client_reference_id": hints.reference,
            "metadata": hints.metadata.map_or(json!({}), |code| json!({"referral_code": code})),
            "discounts": discounts.into_iter().collect::<Vec<_>>(),
            "payment_intent": null, "invoice": null, "subscription": null,
        })
    }

    /// Names a coupon by its id, by its promotion code, or by that with the text of the code.
    fn discount(&mut self, coupon: usize) -> Value {
        let promotion = match self.random.below(3) {
            0 => json!(null),
            1 => json!(format!("promo_{}", COUPONS[coupon])),
            _ => json!({"id": format!("promo_{}", COUPONS[coupon]), "code": COUPONS[coupon]}),
        };
        let mut discount = json!({"id": format!("di_{coupon}"), "object": "discount", "promotion_code": promotion});
        if self.old {
            discount["coupon"] = json!({"id": COUPON_IDS[coupon], "object": "coupon"});
        } else {
            discount["source"] = json!({"type": "coupon", "coupon": COUPON_IDS[coupon]});
        }
        discount
    }

    fn invoice(&mut self, id: &str, who: &Who, money: &Money) -> Value {
        let total = money.total();
        let mut left = money.discount;
        let mut lines = Vec::new();
        for (n, (product, amount)) in money.lines.iter().enumerate() {
            let off = if n + 1 == money.lines.len() {
                left
            } else {
                left.min(*amount)
            };
            left -= off;
            lines.push(if self.old {
                json!({"amount": amount, "discount_amounts": [{"amount": off}], "price": {"id": "price_1", "product": product}})
            } else {
                json!({"amount": amount, "discount_amounts": [{"amount": off}], "pricing": {"price_details": {"price": "price_1", "product": product}}})
            });
        }
        let mut invoice = json!({
            "id": format!("in_{id}"), "object": "invoice", "currency": money.currency, "customer": who.customer, "customer_email": who.email,
            "total": total, "amount_paid": (total - money.credit).max(0), "total_excluding_tax": total - money.tax,
            "shipping_cost": (money.shipping > 0).then(|| json!({"amount_subtotal": money.shipping})),
            "discounts": [format!("di_{id}")], "metadata": {}, "lines": {"has_more": self.random.one_in(10), "data": lines},
        });
        if self.old {
            invoice["tax"] = json!(money.tax);
        } else {
            invoice["total_taxes"] = json!([{"amount": money.tax}]);
        }
        invoice
    }
}

fn charge_session(session: &mut Value, money: &Money) {
    session["currency"] = json!(money.currency);
    session["amount_subtotal"] = json!(money.net() + money.discount);
    session["amount_total"] = json!(money.total());
    session["total_details"] = json!({
        "amount_discount": money.discount, "amount_shipping": money.shipping, "amount_tax": money.tax,
    });
}
