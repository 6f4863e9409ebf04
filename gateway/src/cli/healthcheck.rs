//! `affiliate healthcheck`: what a container asks about itself, where there is no other program to ask with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde_json::{Value, json};

use super::{CliError, Global, output};

const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Address that the gateway listens on
    #[arg(
        long,
        env = "AFFILIATE_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "HOST:PORT"
    )]
    listen: SocketAddr,
}

pub(super) async fn run(args: Args, global: &Global) -> Result<(), CliError> {
    let url = format!("http://{}/readyz", reachable(args.listen));
    let failed = |error: reqwest::Error| CliError::Server(format!("{url}: {error}"));
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy();
    let client = client.build().map_err(failed)?;
    let answer = client.get(&url).send().await.map_err(failed)?;
    let status = answer.status();
    let text = answer.text().await.map_err(failed)?;
    if !status.is_success() {
        return Err(CliError::Server(text));
    }
    let state: Value = serde_json::from_str(&text).unwrap_or_else(|_| json!({"status": text}));
    output::print(global.json, &state);
    Ok(())
}

/// Who listens everywhere is asked here.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let mut address = listen;
    if listen.ip().is_unspecified() {
        address.set_ip(match listen.ip() {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        });
    }
    address
}
