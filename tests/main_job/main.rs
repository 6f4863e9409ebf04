//! The main job, end to end and from outside: a signed payment comes in, a correct commission is booked, a signed
//! webhook goes out. What touches SQL runs with the native and with the portable kernels; expected figures are worked
//! out by hand where they stand.

mod bad_input;
mod crash;
mod explain;
mod money;
mod outbound;
mod parked;
mod payout_lives;
mod payout_runs;
mod refund;
mod sale;
mod second;
mod signature;
mod tenancy;
mod verify;
