use serde_json::json;

use super::*;

#[test]
fn a_batch_is_lines_and_tables() {
    let shown = json!({
        "batch": {"id": 3, "status": "open"},
        "payouts": [{"id": 7, "batch_id": 3, "amount": "20.00", "destination": {}}],
        "left_out": []
    });
    assert_eq!(
        batch_text::readable(&shown),
        "id:      3\nstatus:  open\n\npayouts:\nid  amount\n7   20.00\n"
    );
}

#[test]
fn ids_are_an_array_of_postgres() {
    assert_eq!(ids(&[1, 22]).as_deref(), Some("{1,22}"));
    assert_eq!(ids(&[]), None);
}
