//! Random arguments with the values weighted in where arithmetic goes wrong.

use proptest::prelude::*;
use proptest::strategy::{BoxedStrategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

/// How many cases each kernel gets.
pub fn case_count() -> usize {
    number("AFFILIATE_PARITY_CASES")
        .map_or(100_000, |count| usize::try_from(count).expect("a count"))
}

/// The seed of this run.
pub fn seed() -> u64 {
    number("AFFILIATE_PARITY_SEED").unwrap_or_else(|| {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("a clock after 1970");
        u64::try_from(now.as_nanos() % 1_000_000_000_000).expect("a small number")
    })
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|value| {
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name}={value} is not a number"))
    })
}

/// An endless, repeatable supply of cases.
pub struct Cases<S> {
    strategy: S,
    runner: TestRunner,
}

impl<S: Strategy> Cases<S> {
    pub fn new(strategy: S, seed: u64) -> Self {
        // The cheapest generator: in an unoptimized build a stronger one takes most of the time of a run.
        let mut bytes = [1; 16];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::XorShift, &bytes);
        Self {
            strategy,
            runner: TestRunner::new_with_rng(Config::default(), rng),
        }
    }

    pub fn take(&mut self, count: usize) -> Vec<S::Value> {
        (0..count)
            .map(|_| {
                self.strategy
                    .new_tree(&mut self.runner)
                    .expect("a case")
                    .current()
            })
            .collect()
    }
}

const EDGES: [i64; 24] = [
    i64::MIN,
    i64::MIN + 1,
    i64::MAX,
    i64::MAX - 1,
    0,
    1,
    -1,
    2,
    -2,
    3,
    9_000_000_000_000,
    -9_000_000_000_000,
    9_000_000_000_001,
    -9_000_000_000_001,
    1_000_000,
    -1_000_000,
    1_000_001,
    -1_000_001,
    500_000,
    -500_000,
    1_000_000_000,
    -1_000_000_000,
    1_000_000_000_000_000,
    i64::MAX / 1_000_000,
];

/// One number made of two, which is much cheaper than nested choices of strategies where a run makes millions.
fn number_from<T: std::fmt::Debug + 'static>(make: fn(u8, i64) -> T) -> BoxedStrategy<T> {
    (any::<u8>(), any::<i64>())
        .prop_map(move |(kind, raw)| make(kind, raw))
        .boxed()
}

fn one_of<T: Copy>(values: &[T], raw: i64) -> T {
    let index = raw.unsigned_abs() % u64::try_from(values.len()).expect("a length");
    values[usize::try_from(index).expect("an index")]
}

fn any_bigint(kind: u8, raw: i64) -> i64 {
    match kind % 10 {
        0..3 => one_of(&EDGES, raw),
        3..5 => raw,
        5..7 => raw % 20,
        _ => any_money(kind / 10, raw),
    }
}

fn any_money(kind: u8, raw: i64) -> i64 {
    match kind % 5 {
        0..3 => raw.rem_euclid(1_000_000),
        3 => raw % 1_000_000,
        _ => raw % 9_000_000_000_002,
    }
}

/// Any bigint.
pub fn bigint() -> BoxedStrategy<i64> {
    number_from(any_bigint)
}

/// Mostly an amount as it occurs, one in twelve times any bigint.
pub fn mostly_money() -> BoxedStrategy<i64> {
    number_from(|kind, raw| {
        if kind % 12 == 0 {
            any_bigint(kind / 12, raw)
        } else {
            any_money(kind / 12, raw)
        }
    })
}

/// Mostly a rate up to 100 %.
pub fn rate() -> BoxedStrategy<i64> {
    number_from(|kind, raw| match kind % 10 {
        0..6 => raw.rem_euclid(1_000_001),
        6 => 500_000,
        7 => 200_000,
        _ => any_bigint(kind / 10, raw),
    })
}

/// Mostly the same currency.
pub fn exchange_rate() -> BoxedStrategy<i64> {
    number_from(|kind, raw| match kind % 10 {
        0..6 => 1_000_000_000,
        6..8 => raw.rem_euclid(200_000_000_000),
        _ => any_bigint(kind / 10, raw),
    })
}

/// Microseconds since 2000, with the limits of a timestamp and both infinities.
pub fn instant() -> BoxedStrategy<i64> {
    const FIRST: i64 = -211_813_488_000_000_000;
    const LAST: i64 = 9_223_371_331_199_999_999;
    const DAY: i64 = 86_400_000_000;
    number_from(|kind, raw| match kind % 6 {
        0 => one_of(
            &[
                i64::MIN,
                i64::MAX,
                FIRST,
                LAST,
                0,
                -1,
                1,
                LAST - DAY,
                FIRST + DAY,
            ],
            raw,
        ),
        1 => raw.clamp(FIRST, LAST),
        2..4 => 700_000_000_000_000 + raw.rem_euclid(200_000_000_000_000),
        _ => raw % 5 * DAY,
    })
}

/// Days to hold, sensible and not.
pub fn hold_days() -> BoxedStrategy<i32> {
    number_from(|kind, raw| match kind % 8 {
        0..4 => small(raw.rem_euclid(400)),
        4 => small(raw % 400),
        5 => small(raw % i64::from(i32::MAX)),
        6 => small(raw % 110_000_000),
        _ => one_of(
            &[
                i32::MIN,
                i32::MAX,
                0,
                106_751_991,
                106_751_992,
                -106_751_992,
                106_751_983,
            ],
            raw,
        ),
    })
}

fn small(value: i64) -> i32 {
    i32::try_from(value).expect("a value within range")
}

/// `NULL` now and then.
pub fn nullable<T: Clone + std::fmt::Debug + 'static>(
    strategy: BoxedStrategy<T>,
) -> BoxedStrategy<Option<T>> {
    proptest::option::weighted(0.97, strategy).boxed()
}

/// How an array literal is written; the kernels look at its elements only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Plain,
    LowerBoundZero,
    TwoDimensions,
}

/// An array with its elements in order.
#[derive(Clone, Debug)]
pub struct Elements<T> {
    pub values: Vec<Option<T>>,
    pub shape: Shape,
}

impl<T: Copy> Elements<T> {
    /// Cut to a length.
    pub fn first(mut self, length: usize) -> Self {
        self.values.truncate(length);
        self
    }

    /// The elements, when none of them is NULL.
    pub fn complete(&self) -> Option<Vec<T>> {
        self.values.iter().copied().collect()
    }
}

impl<T: ToString> Elements<T> {
    /// The literal that Postgres reads.
    pub fn literal(&self) -> String {
        let text = |value: &Option<T>| {
            value
                .as_ref()
                .map_or("NULL".to_owned(), ToString::to_string)
        };
        let texts: Vec<_> = self.values.iter().map(text).collect();
        match self.shape {
            _ if texts.is_empty() => "{}".to_owned(),
            Shape::Plain => format!("{{{}}}", texts.join(",")),
            Shape::LowerBoundZero => format!("[0:{}]={{{}}}", texts.len() - 1, texts.join(",")),
            Shape::TwoDimensions => format!("{{{{{}}}}}", texts.join("},{")),
        }
    }
}

/// The most elements of an array.
const LONGEST: usize = 5;

/// An array of the longest length, for [`Elements::first`] to cut.
pub fn elements<T: Clone + std::fmt::Debug + 'static>(
    element: BoxedStrategy<T>,
    null_share: f64,
) -> BoxedStrategy<Elements<T>> {
    let shape = (0..32_u8).prop_map(|number| match number {
        0 => Shape::LowerBoundZero,
        1 => Shape::TwoDimensions,
        _ => Shape::Plain,
    });
    (
        proptest::collection::vec(
            proptest::option::weighted(1.0 - null_share, element),
            LONGEST,
        ),
        shape,
    )
        .prop_map(|(values, shape)| Elements { values, shape })
        .boxed()
}

/// The length of each of several arrays: nearly always the same.
pub fn lengths(arrays: usize) -> BoxedStrategy<Vec<usize>> {
    (any::<u8>(), proptest::collection::vec(0..=LONGEST, arrays))
        .prop_map(|(kind, mut lengths)| {
            if kind % 20 != 0 {
                let length = lengths[0];
                lengths.fill(length);
            }
            lengths
        })
        .boxed()
}
