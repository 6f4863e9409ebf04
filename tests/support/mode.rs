//! The three ways to run the whole suite, chosen by `AFFILIATE_TEST_MODE`.
//!
//! | mode | server | kernels | connections of the program under test |
//! |---|---|---|---|
//! | `native` (default) | with the extension | both | direct |
//! | `portable` | without it, as a managed service has it | portable | direct |
//! | `pooled` | without it | portable | through PgBouncer in transaction mode, notifications direct |
//!
//! In all of them the product belongs to a login that is no superuser.

use std::sync::LazyLock;

/// How this run is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Both kernels.
    Native,
    /// A server that does not know the extension.
    Portable,
    /// The same behind a pooler.
    Pooled,
}

static CURRENT: LazyLock<Mode> =
    LazyLock::new(|| match std::env::var("AFFILIATE_TEST_MODE").as_deref() {
        Err(_) | Ok("" | "native") => Mode::Native,
        Ok("portable") => Mode::Portable,
        Ok("pooled") => Mode::Pooled,
        Ok(other) => {
            panic!("AFFILIATE_TEST_MODE is {other:?}, and can be native, portable or pooled")
        }
    });

impl Mode {
    /// The mode of this run.
    pub fn current() -> Self {
        *CURRENT
    }

    /// Whether the servers of this run offer the extension.
    pub fn has_extension(self) -> bool {
        self == Self::Native
    }
}
