use super::*;

#[test]
fn a_clock_is_off_by_what_the_round_trip_does_not_explain() {
    let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    assert_eq!(apart(at(100), at(101), at(102)), Duration::ZERO);
    assert_eq!(apart(at(100), at(90), at(102)), Duration::from_secs(10));
    assert_eq!(apart(at(100), at(110), at(102)), Duration::from_secs(8));
}

#[test]
fn what_is_expected_is_read_off_the_product_itself() {
    let expected = Expected::of(&SqlTree::embedded().expect("a well-formed tree"));
    let has = |list: &[String], name: &str| list.iter().any(|known| known == name);
    assert!(has(&expected.indexes, "webhook_delivery_due_idx"));
    assert!(has(&expected.indexes, "analyst_grant_pkey"));
    assert!(has(&expected.triggers, "tg_ledger_entry__append_only"));
    assert!(has(&expected.functions, "affiliate_api.readiness"));
    assert!(has(&expected.views, "affiliate.ledger"));
}
