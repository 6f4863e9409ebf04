//! pgbench, which comes with the server.

use std::io::Write;
use std::process::Command;

use affiliate_tests::cluster::Cluster;

/// Transactions per second of a script with prepared statements.
pub fn rate(cluster: &Cluster, url: &str, script: &str, connections: u32, seconds: u32) -> f64 {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(script.as_bytes()).expect("a script");
    let program = cluster.server().tree().program("pgbench");
    let output = Command::new(program)
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .args([
            format!("--client={connections}"),
            format!("--time={seconds}"),
        ])
        .arg("--file")
        .arg(file.path())
        .arg(url)
        .output()
        .expect("pgbench runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{words}");
    let line = text.lines().find_map(|line| line.strip_prefix("tps = "));
    let number = line.and_then(|line| line.split(' ').next());
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("no tps in {text}"))
}
