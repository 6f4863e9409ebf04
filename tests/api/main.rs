//! The REST API over HTTP: what each endpoint takes, answers and refuses, on a real gateway. What touches money runs
//! with the native and with the portable kernels.

mod coupon_list;
mod coupon_sales;
mod coupons;
mod deliveries;
mod keys;
mod project;
mod providers;
mod rules;
mod strangers;
mod support;
mod webhooks;
