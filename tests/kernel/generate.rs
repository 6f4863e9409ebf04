//! Random arguments with the values weighted in where arithmetic goes wrong.

use proptest::prelude::*;
use proptest::strategy::{BoxedStrategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

/// How many cases each kernel gets.
pub fn case_count() -> usize {
    number("AFFILIATE_PARITY_CASES").map_or(100_000, |count| usize::try_from(count).expect("a count"))
}

/// The seed of this run.
pub fn seed() -> u64 {
    number("AFFILIATE_PARITY_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
        u64::try_from(now.as_nanos() % 1_000_000_000_000).expect("a small number")
    })
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value} is not a number")))
}

/// An endless, repeatable supply of cases.
pub struct Cases<S> {
    strategy: S,
    runner: TestRunner,
}

impl<S: Strategy> Cases<S> {
    pub fn new(strategy: S, seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        Self { strategy, runner: TestRunner::new_with_rng(Config::default(), rng) }
    }

    pub fn take(&mut self, count: usize) -> Vec<S::Value> {
        (0..count).map(|_| self.strategy.new_tree(&mut self.runner).expect("a case").current()).collect()
    }
}

const EDGES: [i64; 24] = [
    i64::MIN, i64::MIN + 1, i64::MAX, i64::MAX - 1, 0, 1, -1, 2, -2, 3,
    9_000_000_000_000, -9_000_000_000_000, 9_000_000_000_001, -9_000_000_000_001,
    1_000_000, -1_000_000, 1_000_001, -1_000_001, 500_000, -500_000,
    1_000_000_000, -1_000_000_000, 1_000_000_000_000_000, i64::MAX / 1_000_000,
];

/// Any bigint.
pub fn bigint() -> BoxedStrategy<i64> {
    prop_oneof![
        3 => proptest::sample::select(&EDGES[..]),
        2 => any::<i64>(),
        2 => -20..20_i64,
        3 => money(),
    ]
    .boxed()
}

/// An amount as it occurs.
pub fn money() -> BoxedStrategy<i64> {
    prop_oneof![3 => 0..1_000_000_i64, 1 => -1_000_000..0_i64, 1 => -9_000_000_000_001..=9_000_000_000_001_i64].boxed()
}

/// Mostly a rate up to 100 %.
pub fn rate() -> BoxedStrategy<i64> {
    prop_oneof![6 => 0..=1_000_000_i64, 1 => Just(500_000), 1 => Just(200_000), 2 => bigint()].boxed()
}

/// Mostly the same currency.
pub fn exchange_rate() -> BoxedStrategy<i64> {
    prop_oneof![6 => Just(1_000_000_000_i64), 2 => 1..200_000_000_000_i64, 2 => bigint()].boxed()
}

/// Microseconds since 2000, with the limits of a timestamp and both infinities.
pub fn instant() -> BoxedStrategy<i64> {
    const FIRST: i64 = -211_813_488_000_000_000;
    const LAST: i64 = 9_223_371_331_199_999_999;
    prop_oneof![
        1 => proptest::sample::select(vec![i64::MIN, i64::MAX, FIRST, LAST, 0, -1, 1, LAST - 86_400_000_000]),
        1 => FIRST..=LAST,
        2 => 700_000_000_000_000..900_000_000_000_000_i64,
        2 => (-5..5_i64).prop_map(|day| day * 86_400_000_000),
    ]
    .boxed()
}

/// Days to hold, sensible and not.
pub fn hold_days() -> BoxedStrategy<i32> {
    prop_oneof![
        4 => 0..400_i32,
        1 => -400..0_i32,
        1 => any::<i32>(),
        1 => -110_000_000..110_000_000_i32,
        1 => proptest::sample::select(vec![i32::MIN, i32::MAX, 0, 106_751_991, 106_751_992, -106_751_992, 106_751_983]),
    ]
    .boxed()
}

/// `NULL` now and then.
pub fn nullable<T: Clone + std::fmt::Debug + 'static>(strategy: BoxedStrategy<T>) -> BoxedStrategy<Option<T>> {
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
    /// The elements, when none of them is NULL.
    pub fn complete(&self) -> Option<Vec<T>> {
        self.values.iter().copied().collect()
    }
}

impl<T: ToString> Elements<T> {
    /// The literal that Postgres reads.
    pub fn literal(&self) -> String {
        let text = |value: &Option<T>| value.as_ref().map_or("NULL".to_owned(), ToString::to_string);
        let texts: Vec<_> = self.values.iter().map(text).collect();
        match self.shape {
            _ if texts.is_empty() => "{}".to_owned(),
            Shape::Plain => format!("{{{}}}", texts.join(",")),
            Shape::LowerBoundZero => format!("[0:{}]={{{}}}", texts.len() - 1, texts.join(",")),
            Shape::TwoDimensions => format!("{{{{{}}}}}", texts.join("},{")),
        }
    }
}

/// An array of this length.
pub fn elements<T: Clone + std::fmt::Debug + 'static>(
    element: BoxedStrategy<T>,
    length: usize,
    null_share: f64,
) -> BoxedStrategy<Elements<T>> {
    let shape = prop_oneof![30 => Just(Shape::Plain), 1 => Just(Shape::LowerBoundZero), 1 => Just(Shape::TwoDimensions)];
    (proptest::collection::vec(proptest::option::weighted(1.0 - null_share, element), length), shape)
        .prop_map(|(values, shape)| Elements { values, shape })
        .boxed()
}

/// The length of each of several arrays: nearly always the same.
pub fn lengths(arrays: usize) -> BoxedStrategy<Vec<usize>> {
    prop_oneof![
        19 => (0..6_usize).prop_map(move |length| vec![length; arrays]),
        1 => proptest::collection::vec(0..4_usize, arrays),
    ]
    .boxed()
}
