//! `make bench`: one table of ratios, every ratio of two things measured in turns in the same run, so that a busy
//! machine slows both. Absolute figures are printed beside them; they say little on another machine.
//!
//! `cargo bench -p affiliate-tests --bench bench -- webhooks` measures one part.

mod affiliates;
mod floor;
mod http;
mod import;
mod ingest;
mod kernels;
mod listing;
mod pgbench;
mod reads;
mod table;
mod webhooks;

use affiliate_tests::cluster::Cluster;

#[tokio::main]
async fn main() {
    let cluster = Cluster::durable().await;
    let mut table = table::Table::default();
    if wanted("kernels") {
        kernels::run(&cluster, &mut table).await;
    }
    if wanted("reads") {
        reads::run(&cluster, &mut table).await;
    }
    if wanted("affiliates") {
        affiliates::run(&cluster, &mut table).await;
    }
    if wanted("listing") {
        listing::run(&cluster, &mut table).await;
    }
    if wanted("ingest") {
        ingest::run(&cluster, &mut table).await;
    }
    if wanted("import") {
        import::run(&cluster, &mut table).await;
    }
    if wanted("webhooks") {
        webhooks::run(&cluster, &mut table).await;
    }
    table.print();
    drop(cluster);
}

/// Whether a part is asked for: all are unless some are named.
fn wanted(part: &str) -> bool {
    let mut named = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .peekable();
    named.peek().is_none() || named.any(|name| name == part)
}
