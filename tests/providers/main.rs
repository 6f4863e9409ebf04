//! What each provider's payloads mean: sales counted once, whom they credit, refunds, ends of subscriptions, in whatever
//! order they arrive. They come through SQL, as the gateway hands them over; signatures are tested elsewhere.

mod hints;
mod lemonsqueezy;
mod paddle;
mod polar;
mod samples;
mod stripe;
