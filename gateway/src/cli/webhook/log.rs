//! The delivery log as text.

use serde_json::{Value, json};

use super::super::output;

/// A line a delivery: how it stands and how its last attempt went.
pub(super) fn print_deliveries(json: bool, deliveries: Value) {
    let shown = match &deliveries {
        Value::Array(rows) if !json => rows.iter().map(summary).collect(),
        _ => deliveries,
    };
    output::print_list(json, "deliveries", &shown, "no deliveries");
}

fn summary(delivery: &Value) -> Value {
    let attempts = delivery["attempts"].as_array().map(Vec::as_slice);
    let attempts = attempts.unwrap_or_default();
    let last = attempts.last().unwrap_or(&Value::Null);
    json!({
        "id": delivery["id"], "message_id": delivery["message_id"], "event": delivery["event"], "status": delivery["status"],
        "created_at": delivery["created_at"], "attempts": attempts.len(), "last_status": last["status_code"], "last_error": last["error"],
        "next_attempt_at": delivery["next_attempt_at"],
    })
}

/// What is short as lines, the attempts as a table, and then what was posted.
pub(super) fn print_delivery(json: bool, delivery: Value) {
    if json {
        output::print(true, &delivery);
    } else {
        output::print_text(&readable(delivery));
    }
}

fn readable(mut delivery: Value) -> String {
    let (attempts, payload) = (delivery["attempts"].take(), delivery["payload"].take());
    if let Value::Object(fields) = &mut delivery {
        fields.retain(|name, value| !value.is_null() && name != "attempts");
    }
    let attempts = attempts.as_array().map(Vec::as_slice).unwrap_or_default();
    format!(
        "{}\nattempts:\n{}\npayload:\n{payload}\n",
        output::lines(&delivery),
        output::table(attempts)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_lines_attempts_and_what_was_posted() {
        let delivery = json!({
            "id": 7, "status": "dead", "next_attempt_at": null,
            "attempts": [{"attempt_no": 1, "status_code": 500}], "payload": {"id": "evt_1"}
        });
        let summary = summary(&delivery);
        assert_eq!(
            (&summary["attempts"], &summary["last_status"]),
            (&json!(1), &json!(500))
        );
        let expected = "id:      7\nstatus:  dead\n\nattempts:\nattempt_no  status_code\n1           500\n\npayload:\n{\"id\":\"evt_1\"}\n";
        assert_eq!(readable(delivery), expected);
    }
}
