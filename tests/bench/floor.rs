//! What the rows of a renewal cost when nothing has to be decided: the least an event could take in this schema.

use tokio_postgres::Client;

/// Tables of the rows that one renewal leaves, with what is made anew for each; their ids are. The sixth, a count of
/// conversions, comes from a trigger.
const ROWS: [(&str, &[(&str, &str)]); 4] = [
    ("provider_event", &[("event_key", "'floor ' || :n")]),
    (
        "sale",
        &[
            ("sale_key", "'floor ' || :n"),
            ("source_key", "'floor ' || :n"),
        ],
    ),
    ("conversion", &[("sale_id", "(SELECT id FROM sale)")]),
    (
        "ledger_entry",
        &[("conversion_id", "(SELECT id FROM conversion)")],
    ),
];
const TEMPLATES: i64 = 1000;

/// A pgbench script of one statement that writes those rows as renewals before have left them. It leaves the books untidy: nothing
/// folds the balances it adds to.
pub async fn script(superuser: &Client) -> String {
    let templates = format!(
        "CREATE TABLE public.template AS
         SELECT row_number() OVER () AS n, e AS provider_event, s AS sale, c AS conversion, l AS ledger_entry
         FROM affiliate_private.sale AS s
         JOIN affiliate_private.provider_event AS e ON e.project_id = s.project_id AND e.event_key = s.source_key
         JOIN affiliate_private.conversion AS c ON c.project_id = s.project_id AND c.sale_id = s.sale_id
         JOIN affiliate_private.ledger_entry AS l ON l.project_id = c.project_id AND l.conversion_id = c.conversion_id
         LIMIT {TEMPLATES};
         ALTER TABLE public.template ADD PRIMARY KEY (n); VACUUM ANALYZE public.template"
    );
    for statement in templates.split(';') {
        let done = superuser.batch_execute(statement).await;
        done.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
    let mut parts = Vec::new();
    for (table, anew) in ROWS {
        let columns = "
            SELECT attname::text FROM pg_attribute
            WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attidentity = '' AND attgenerated = '' ORDER BY attnum";
        let name = format!("affiliate_private.{table}");
        let columns = superuser.query(columns, &[&name]).await.expect("columns");
        let columns: Vec<String> = columns.iter().map(|row| row.get(0)).collect();
        let values = columns.iter().map(|column| {
            let made = anew.iter().find(|(name, _)| name == column);
            made.map_or(format!("(t.{table}).{column}"), |(_, value)| {
                (*value).to_owned()
            })
        });
        let values: Vec<String> = values.collect();
        let id = match table {
            "sale" | "conversion" => format!(" RETURNING {table}_id AS id"),
            _ => String::new(),
        };
        parts.push(format!(
            "{table} AS (INSERT INTO {name} ({}) SELECT {} FROM t{id})",
            columns.join(", "),
            values.join(", ")
        ));
    }
    format!(
        "\\set n random(1, 1000000000000000)\n\\set t random(1, {TEMPLATES})\n\
         WITH t AS MATERIALIZED (SELECT * FROM public.template WHERE n = :t), {}, \
         balance AS (INSERT INTO affiliate_private.balance_delta (project_id, affiliate_id, total_minor, release_at, purchases, signups) \
         SELECT (conversion).project_id, (conversion).affiliate_id, (conversion).commission_minor, (conversion).release_at, 1, 0 FROM t) SELECT 1;\n",
        parts.join(", ")
    )
}
