//! The REST API over HTTP: what each endpoint takes, answers and refuses, on a real gateway. What touches money runs
//! with the native and with the portable kernels.

mod coupon_sales;
mod coupons;
mod support;
