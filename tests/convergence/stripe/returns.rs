//! What goes back: refunds, told of the charge or one by one, and disputes.

use serde_json::{Value, json};

use super::Teller;
use crate::story::{Fate, Payment, Refund};

impl Teller<'_> {
    pub(super) fn given_back(&mut self, payment: &Payment, invoiced: bool) {
        let id = &payment.id;
        let paid = payment.money.total() - payment.money.credit;
        let object = json!({
            "charge": format!("ch_{id}"), "payment_intent": format!("pi_{id}"), "currency": payment.money.currency,
        });
        for (n, refund) in payment.refunds.iter().enumerate() {
            if self.refund_news != 1 {
                self.charge_refunded(payment, n, refund, invoiced);
            }
            if self.refund_news != 0 {
                self.refund(id, n, refund, &object);
            }
        }
        let Some(dispute) = &payment.dispute else {
            return;
        };
        let mut news = object;
        news["id"] = json!(format!("dp_{id}"));
        news["object"] = json!("dispute");
        news["amount"] = json!(paid);
        news["status"] = json!("needs_response");
        self.send(
            dispute.at,
            "charge.dispute.created",
            &format!("dp_{id}"),
            news.clone(),
        );
        self.send(
            dispute.at,
            "charge.dispute.funds_withdrawn",
            &format!("dpw_{id}"),
            news.clone(),
        );
        if let Some(won) = dispute.won {
            news["status"] = json!(if won { "won" } else { "lost" });
            self.send(
                dispute.closed_at,
                "charge.dispute.closed",
                &format!("dpc_{id}"),
                news.clone(),
            );
            if won {
                let name = "charge.dispute.funds_reinstated";
                self.send(dispute.closed_at, name, &format!("dpr_{id}"), news);
            }
        }
    }

    fn charge_refunded(&mut self, payment: &Payment, n: usize, refund: &Refund, invoiced: bool) {
        let id = &payment.id;
        let paid = payment.money.total() - payment.money.credit;
        let mut charge = json!({
            "id": format!("ch_{id}"), "object": "charge", "currency": payment.money.currency, "amount": paid,
            "amount_refunded": refund.so_far, "refunded": refund.so_far == paid,
            "payment_intent": self.reference("payment_intent", &format!("pi_{id}")),
        });
        if self.old && invoiced {
            charge["invoice"] = json!(format!("in_{id}"));
        }
        self.send(
            refund.at,
            "charge.refunded",
            &format!("ch_{id}_{n}"),
            charge,
        );
    }

    fn refund(&mut self, id: &str, n: usize, refund: &Refund, object: &Value) {
        let mut news = object.clone();
        news["id"] = json!(format!("re_{id}_{n}"));
        news["object"] = json!("refund");
        news["amount"] = json!(refund.minor);
        news["status"] = json!(if self.random.one_in(3) {
            "pending"
        } else {
            "succeeded"
        });
        self.send(
            refund.at,
            "refund.created",
            &format!("re_{id}_{n}"),
            news.clone(),
        );
        if refund.fate == Fate::Fails {
            news["status"] = json!("failed");
            let name =
                *self
                    .random
                    .pick(&["refund.failed", "refund.updated", "charge.refund.updated"]);
            self.send(refund.fails_at, name, &format!("ref_{id}_{n}"), news);
        } else if news["status"] == "pending" {
            news["status"] = json!("succeeded");
            let told = self.soon(refund.at);
            self.send(told, "refund.updated", &format!("reu_{id}_{n}"), news);
        }
    }
}
