//! A batch as people read it in a terminal.

use serde_json::{Map, Value};

use crate::cli::output;

/// The batch as lines, and its payouts and those it left out as tables.
pub(super) fn readable(shown: &Value) -> String {
    let mut text = output::lines(&shown["batch"]);
    for name in ["payouts", "left_out"] {
        let rows = shown[name].as_array().into_iter().flatten();
        let rows: Vec<Value> = rows.map(brief).collect();
        if !rows.is_empty() {
            text.push_str(&format!("\n{name}:\n{}", output::table(&rows)));
        }
    }
    text
}

/// A row without what is the same in all of them or too long for a table.
fn brief(row: &Value) -> Value {
    let fields = row.as_object().into_iter().flatten();
    let kept = fields.filter(|(name, _)| {
        !["batch_id", "currency", "destination", "created_at"].contains(&name.as_str())
    });
    Value::Object(
        kept.map(|(name, value)| (name.clone(), value.clone()))
            .collect::<Map<_, _>>(),
    )
}
