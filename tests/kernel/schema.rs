//! Puts the kernels into a database: the extension, and the files of `sql/` as `affiliate migrate` applies them.

use std::fs;
use std::path::Path;
use tokio_postgres::Client;

/// Where a copy of the portable kernels stands beside the native ones.
pub const PORTABLE_COPY: &str = "parity_portable";

/// The files of one profile in the order in which they are applied, as one script.
pub fn script(profile: &str) -> String {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../sql")
        .join(profile);
    let mut paths: Vec<_> = fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.expect("a directory entry").path())
        .collect();
    paths.sort();
    assert!(paths.len() >= 6, "{} lacks kernels", directory.display());
    paths
        .iter()
        .map(|path| fs::read_to_string(path).expect("a readable file"))
        .collect()
}

/// Applies one profile in one transaction with the search path of migrations.
pub async fn apply(client: &Client, script: &str) {
    let transaction =
        format!("BEGIN; SET LOCAL search_path = pg_catalog, pg_temp; {script}; COMMIT;");
    if let Err(error) = client.batch_execute(&transaction).await {
        panic!("{error:?}");
    }
}

/// The extension, `affiliate_kernel` on it, a copy of the portable kernels, and helpers for instants as microseconds.
pub async fn create_both(client: &Client) {
    client
        .batch_execute(&format!(
            "CREATE EXTENSION pg_affiliate; CREATE SCHEMA affiliate_kernel; CREATE SCHEMA {PORTABLE_COPY}; CREATE SCHEMA parity;"
        ))
        .await
        .expect("the extension is installed in this server");
    apply(client, &script("native")).await;
    apply(
        client,
        &script("portable").replace("affiliate_kernel", PORTABLE_COPY),
    )
    .await;
    client.batch_execute(INSTANTS).await.expect("the helpers");
}

/// Exact conversions between microseconds since 2000 and timestamps; the extremes are the infinities.
const INSTANTS: &str = "
CREATE FUNCTION parity.instant(p_us bigint) RETURNS timestamptz LANGUAGE plpgsql STRICT AS $$
BEGIN
    RETURN CASE p_us
        WHEN -9223372036854775808 THEN '-infinity'
        WHEN 9223372036854775807 THEN 'infinity'
        ELSE timestamptz '2000-01-01 00:00:00+00'
            + p_us / 86400000000 * interval '24 hours' + p_us % 86400000000 * interval '1 microsecond'
    END;
END $$;
CREATE FUNCTION parity.instants(p_us bigint[]) RETURNS timestamptz[] LANGUAGE plpgsql STRICT AS $$
BEGIN
    RETURN ARRAY(SELECT parity.instant(u) FROM unnest(p_us) WITH ORDINALITY AS x(u, i) ORDER BY i);
END $$;
CREATE FUNCTION parity.microseconds(p_at timestamptz) RETURNS bigint LANGUAGE sql STRICT AS $$
    -- extract(epoch) rounds microseconds away in the last centuries; the wire format does not.
    SELECT ('x' || encode(timestamptz_send(p_at), 'hex'))::bit(64)::bigint
$$;";
