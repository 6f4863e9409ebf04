//! How far the time of a signature may be from the gateway's, set per provider.

/// Settings of `affiliate serve`. LemonSqueezy sends no time.
#[derive(Debug, Clone, clap::Args)]
pub struct Tolerance {
    /// How old or how far in the future a provider's signature may be
    #[arg(long, env = "AFFILIATE_SIGNATURE_TOLERANCE_SECONDS", default_value_t = Tolerance::default().signature_tolerance_seconds)]
    pub signature_tolerance_seconds: u64,
    /// The same for Stripe alone
    #[arg(long, env = "AFFILIATE_STRIPE_TOLERANCE_SECONDS")]
    pub stripe_tolerance_seconds: Option<u64>,
    /// The same for Paddle alone
    #[arg(long, env = "AFFILIATE_PADDLE_TOLERANCE_SECONDS")]
    pub paddle_tolerance_seconds: Option<u64>,
    /// The same for Polar alone
    #[arg(long, env = "AFFILIATE_POLAR_TOLERANCE_SECONDS")]
    pub polar_tolerance_seconds: Option<u64>,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self {
            signature_tolerance_seconds: 300,
            stripe_tolerance_seconds: None,
            paddle_tolerance_seconds: None,
            polar_tolerance_seconds: None,
        }
    }
}
