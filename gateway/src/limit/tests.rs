use std::time::Duration;

use super::*;

fn rate(limit: i32, remaining: i32, resets: Instant) -> Rate {
    Rate {
        limit,
        remaining,
        reset_at: 60,
        resets,
    }
}

#[test]
fn a_normal_key_is_counted_by_its_own_statements_until_the_window_is_exhausted() {
    let (key, now) = (KeyLimit::default(), Instant::now());
    let end = now + Duration::from_secs(30);
    assert_eq!(key.admit(now), Standing::Count);
    key.record(rate(100, 1, end), 0);
    assert_eq!(key.admit(now), Standing::Count);
    let last = key.record(rate(100, 0, end), 0);
    assert_eq!(key.admit(now), Standing::Exhausted(last));
    assert_eq!(key.exhausted(now), Some(last));
    assert_eq!(
        (key.admit(end), key.exhausted(end)),
        (Standing::Count, None)
    );
}

#[test]
fn a_high_limit_is_used_block_by_block() {
    let (key, now) = (KeyLimit::default(), Instant::now());
    let end = now + Duration::from_secs(30);
    key.record(rate(6_000, 5_999, end), 0);
    assert_eq!(key.admit(now), Standing::TakeBlock(100));
    key.record(rate(6_000, 5_899, end), 2);
    assert_eq!(key.admit(now), Standing::Leased(rate(6_000, 5_900, end)));
    assert_eq!(key.admit(now), Standing::Leased(rate(6_000, 5_899, end)));
    assert_eq!(key.admit(now), Standing::TakeBlock(100));
}

#[test]
fn a_block_is_worth_nothing_after_its_window_and_holds_up_the_refusal_within_it() {
    let (key, now) = (KeyLimit::default(), Instant::now());
    let end = now + Duration::from_secs(30);
    key.record(rate(6_000, 0, end), 2);
    assert_eq!(
        (key.admit(end), key.exhausted(now)),
        (Standing::TakeBlock(100), None)
    );
    assert!(matches!(key.admit(now), Standing::Leased(_)));
    assert!(matches!(key.admit(now), Standing::Leased(_)));
    assert!(matches!(key.admit(now), Standing::Exhausted(_)));
}

#[test]
fn memory_is_bounded_and_keys_in_use_are_kept() {
    let limiter = Limiter::default();
    let end = Instant::now() + Duration::from_secs(30);
    let held = limiter.key(0);
    for id in 0..200_000 {
        limiter.key(id).record(rate(100, 1, end), 0);
    }
    let known = limiter.keys.lock().expect("a lock").len();
    assert!((1..=MAX_KEYS).contains(&known), "{known}");
    assert!(Arc::ptr_eq(&held, &limiter.key(0)));
}
