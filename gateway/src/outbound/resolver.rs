//! From names to the addresses that may be dialled. A name server that does not answer must cost nobody but those who
//! named it: a lookup goes on long after its request has timed out, and holds a thread.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use hyper_util::client::legacy::connect::dns::Name;
use tokio::sync::Semaphore;
use tower::{BoxError, Service};

use super::target::{Policy, TargetError};

/// Threads that lookups may hold.
const MOST_LOOKUPS: usize = 256;

/// What the system says of a name.
type Find = fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;
type Lookup = Shared<BoxFuture<'static, Result<Vec<SocketAddr>, LookupError>>>;

/// Resolves names to the addresses that the policy permits.
#[derive(Clone)]
pub(super) struct PolicyResolver {
    policy: Policy,
    find: Find,
    lookups: Arc<Lookups>,
}

/// Lookups under way, one for each name, whoever asks.
struct Lookups {
    slots: Semaphore,
    pending: Mutex<HashMap<String, Lookup>>,
}

/// Why a name has no address, for everyone who asked.
#[derive(Debug, Clone, thiserror::Error)]
enum LookupError {
    #[error("{0}")]
    System(Arc<io::Error>),
    #[error("the lookup was given up")]
    GivenUp,
}

impl PolicyResolver {
    /// Resolves names as the system does.
    pub(super) fn new(policy: Policy) -> Self {
        Self::with(policy, |name| {
            async move {
                let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
                Ok(found.collect())
            }
            .boxed()
        })
    }

    fn with(policy: Policy, find: Find) -> Self {
        let lookups = Lookups {
            slots: Semaphore::new(MOST_LOOKUPS),
            pending: Mutex::default(),
        };
        Self {
            policy,
            find,
            lookups: Arc::new(lookups),
        }
    }
}

impl Lookups {
    /// The lookup of a name that is under way, or a new one, which nobody who stops waiting stops.
    fn join(self: &Arc<Self>, name: &str, find: Find) -> Lookup {
        let mut pending = self.pending();
        if let Some(lookup) = pending.get(name) {
            return lookup.clone();
        }
        let (lookups, owned) = (Arc::clone(self), name.to_owned());
        let task = tokio::spawn(async move {
            let slot = lookups.slots.acquire().await;
            let found = find(owned.clone()).await;
            drop(slot);
            lookups.pending().remove(&owned);
            found
        });
        let lookup = async move {
            let found = task.await.map_err(|_| LookupError::GivenUp)?;
            found.map_err(|error| LookupError::System(Arc::new(error)))
        };
        let lookup = lookup.boxed().shared();
        pending.insert(name.to_owned(), lookup.clone());
        lookup
    }

    fn pending(&self) -> MutexGuard<'_, HashMap<String, Lookup>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service<Name> for PolicyResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let policy = self.policy;
        let lookup = self.lookups.join(name.as_str(), self.find);
        Box::pin(async move {
            let found = lookup.await?;
            let any = !found.is_empty();
            let permitted: Vec<SocketAddr> = found
                .into_iter()
                .filter(|at| policy.permits(at.ip()))
                .collect();
            if permitted.is_empty() {
                let error = if any {
                    TargetError::NotPublic
                } else {
                    TargetError::NoAddress
                };
                return Err(error.into());
            }
            Ok(permitted.into_iter())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use super::*;

    fn policy(allow_private: bool) -> Policy {
        Policy {
            allow_loopback: false,
            allow_private,
            allow_http: true,
        }
    }

    fn name(text: &str) -> Name {
        text.parse().expect("a name")
    }

    #[tokio::test]
    async fn names_are_judged_by_what_they_resolve_to() {
        let resolve =
            |allow_private| PolicyResolver::new(policy(allow_private)).call(name("localhost"));
        let refused = resolve(false).await.expect_err("a refusal");
        assert_eq!(refused.to_string(), TargetError::NotPublic.to_string());
        assert!(resolve(true).await.is_ok());
    }

    #[tokio::test]
    async fn a_name_that_hangs_holds_one_lookup_however_often_it_is_asked_for() {
        let mut resolver = PolicyResolver::with(policy(false), |name| match name.as_str() {
            "hangs.example" => pending().boxed(),
            _ => async { Ok(vec![SocketAddr::from(([93, 184, 216, 34], 0))]) }.boxed(),
        });
        for _ in 0..2 * MOST_LOOKUPS {
            assert!(
                resolver
                    .call(name("hangs.example"))
                    .now_or_never()
                    .is_none()
            );
        }
        let well = resolver.call(name("well.example"));
        let found = tokio::time::timeout(Duration::from_secs(10), well).await;
        let found = found.expect("there is a lookup left");
        assert_eq!(found.expect("an address").len(), 1);
        assert_eq!(resolver.lookups.pending().len(), 1);
    }
}
