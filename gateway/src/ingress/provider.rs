//! The payment providers whose events are received.

use axum::http::HeaderMap;

use super::signature::{Clock, Refusal, SigningSecret, Verified};
use super::tolerance::Tolerance;
use super::{lemonsqueezy, paddle, polar, stripe};

/// A payment provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Provider {
    Stripe,
    LemonSqueezy,
    Paddle,
    Polar,
}

impl Provider {
    const ALL: [Self; 4] = [Self::Stripe, Self::LemonSqueezy, Self::Paddle, Self::Polar];

    /// The one whose webhooks come to this segment of a path.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.name() == name)
    }

    /// What it is called in paths and in the database.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::LemonSqueezy => "lemonsqueezy",
            Self::Paddle => "paddle",
            Self::Polar => "polar",
        }
    }

    /// How far, in seconds, the time of a signature may be from the gateway's; nothing where it has none.
    pub(super) fn tolerance(self, settings: &Tolerance) -> u64 {
        let own = match self {
            Self::Stripe => settings.stripe_tolerance_seconds,
            Self::LemonSqueezy => None,
            Self::Paddle => settings.paddle_tolerance_seconds,
            Self::Polar => settings.polar_tolerance_seconds,
        };
        own.unwrap_or(settings.signature_tolerance_seconds)
    }

    /// Checks the signature of one delivery over its bytes as they came.
    pub(super) fn verify(
        self,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[SigningSecret],
        clock: Clock,
    ) -> Result<Verified, Refusal> {
        let (signer, delivery_id) = match self {
            Self::Stripe => (stripe::SCHEME.verify(headers, body, secrets, clock)?, None),
            Self::LemonSqueezy => (lemonsqueezy::verify(headers, body, secrets)?, None),
            Self::Paddle => (paddle::SCHEME.verify(headers, body, secrets, clock)?, None),
            Self::Polar => {
                let (signer, id) = polar::verify(headers, body, secrets, clock)?;
                (signer, Some(id))
            }
        };
        Ok(Verified {
            secret_id: signer,
            delivery_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_providers_own_tolerance_goes_before_the_common_one() {
        let settings = Tolerance {
            paddle_tolerance_seconds: Some(5),
            ..Tolerance::default()
        };
        assert_eq!(Provider::Stripe.tolerance(&settings), 300);
        assert_eq!(Provider::Paddle.tolerance(&settings), 5);
        assert_eq!(Provider::Polar.tolerance(&settings), 300);
    }
}
