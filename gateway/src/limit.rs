//! How many requests a key has left in its minute, as far as this process knows.
//!
//! The database counts, in the request's own statement, in fixed windows of one minute by its own clock; that makes the
//! limit exact for any number of gateways. What is kept here saves statements:
//!
//! - that a window is exhausted, so that every further request of the key is refused without asking;
//! - for keys allowed more than [`LEASED_ABOVE`] requests a minute, a block of requests taken from the database at once
//!   and counted down here, so that reading writes nothing. Never more requests than the limit pass. What a gateway has
//!   left of its block when the window ends is lost, so that up to (gateways × block) fewer may pass than the limit
//!   says, and `X-RateLimit-Remaining` may be short by the blocks of the other gateways.
//!
//! Requests of one key that are counted one by one hold its row until they end, so they run one after another; they
//! queue here, at [`KeyLimit::gate`], rather than each with a connection of the pool in its hands.

mod rate;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

pub use rate::Rate;

/// Limits above this are taken in blocks.
pub const LEASED_ABOVE: i32 = 1_000;
/// A block is what the key may use in about a second.
const BLOCKS_PER_WINDOW: i32 = 60;
/// Keys remembered at most; only keys that were verified get here.
const MAX_KEYS: usize = 65_536;

/// What is known of every key.
#[derive(Debug, Default)]
pub struct Limiter {
    keys: Mutex<HashMap<i64, Arc<KeyLimit>>>,
}

impl Limiter {
    /// What is known of one key.
    pub fn key(&self, key_id: i64) -> Arc<KeyLimit> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys.get(&key_id) {
            return Arc::clone(key);
        }
        if keys.len() >= MAX_KEYS {
            make_room(&mut keys);
        }
        Arc::clone(keys.entry(key_id).or_default())
    }
}

/// Drops the keys whose window is over, and if that does not help every other one, but none that is in use: losing
/// what is known costs a statement or the rest of a block, two gates for one key would cost the queue its order.
fn make_room(keys: &mut HashMap<i64, Arc<KeyLimit>>) {
    let now = Instant::now();
    keys.retain(|_, key| Arc::strong_count(key) > 1 || key.is_current(now));
    if keys.len() > MAX_KEYS / 2 {
        let mut odd = false;
        keys.retain(|_, key| {
            odd = !odd;
            odd || Arc::strong_count(key) > 1
        });
    }
}

/// One key.
#[derive(Debug, Default)]
pub struct KeyLimit {
    /// Held by the one request of this key that is being counted.
    pub gate: tokio::sync::Mutex<()>,
    window: Mutex<Option<Window>>,
}

/// The window the database last spoke of.
#[derive(Debug, Clone, Copy)]
struct Window {
    /// As the database knew it; what is remaining is beyond this gateway's block.
    rate: Rate,
    /// What is left of the block.
    block: i32,
}

/// What has to happen before a request may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: it has been taken from the block.
    Leased(Rate),
    /// A block of this many has to be taken.
    TakeBlock(i32),
    /// Its own statement has to count it.
    Count,
    /// It is refused.
    Exhausted(Rate),
}

impl KeyLimit {
    /// How a request of this key stands now; one that is [`Standing::Leased`] has been counted with this.
    pub fn admit(&self, now: Instant) -> Standing {
        let mut known = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(window) = known.as_mut() else {
            return Standing::Count;
        };
        let current = now < window.rate.resets;
        if current && window.block > 0 {
            window.block -= 1;
            return Standing::Leased(window.seen());
        }
        if current && window.rate.remaining < 1 {
            return Standing::Exhausted(window.rate);
        }
        if window.rate.limit > LEASED_ABOVE {
            Standing::TakeBlock(window.rate.limit / BLOCKS_PER_WINDOW)
        } else {
            Standing::Count
        }
    }

    /// The refusal, where this process knows that the window is exhausted.
    pub fn exhausted(&self, now: Instant) -> Option<Rate> {
        let known = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .filter(|window| {
                now < window.rate.resets && window.rate.remaining < 1 && window.block < 1
            })
            .map(|window| window.rate)
    }

    /// Remembers what the database said, and a block that came with it. Only the holder of the gate may.
    pub fn record(&self, rate: Rate, block: i32) -> Rate {
        let mut known = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let window = Window { rate, block };
        *known = Some(window);
        window.seen()
    }

    fn is_current(&self, now: Instant) -> bool {
        let known = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        known.is_some_and(|window| now < window.rate.resets)
    }
}

impl Window {
    fn seen(self) -> Rate {
        Rate {
            remaining: self.rate.remaining + self.block,
            ..self.rate
        }
    }
}

#[cfg(test)]
mod tests;
