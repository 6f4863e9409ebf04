//! `make bench`: one table of ratios, every ratio of two things measured in turns in the same run, so that a busy
//! machine slows both. Absolute figures are printed beside them; they say little on another machine.

mod http;
mod ingest;
mod listing;
mod pgbench;
mod reads;
mod table;

use affiliate_tests::cluster::Cluster;

#[tokio::main]
async fn main() {
    let cluster = Cluster::durable().await;
    let mut table = table::Table::default();
    reads::run(&cluster, &mut table).await;
    listing::run(&cluster, &mut table).await;
    ingest::run(&cluster, &mut table).await;
    table.print();
    drop(cluster);
}
