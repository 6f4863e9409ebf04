//! What a project has booked, read through the analysts' views, in a form that can be compared between projects,
//! databases and orders of delivery: no ids, no booking times.

use serde_json::Value;
use tokio_postgres::Client;

use crate::binary;
use crate::database::TestDatabase;

/// One line per conversion, per ledger sum (conversion, affiliate, kind) and per balance, each sorted.
#[derive(Debug, PartialEq, Eq)]
pub struct Books {
    /// By payment.
    pub conversions: Vec<String>,
    /// By payment, affiliate and kind; sums of zero are left out.
    pub ledger: Vec<String>,
    /// By affiliate.
    pub balances: Vec<String>,
}

const CONVERSIONS: &str = "
    SELECT concat_ws(' ', c.reference, c.type, coalesce(a.email, 'nobody'), c.attribution_source, c.rule_source, c.base_value, c.currency,
                     'pays', c.commission, 'less', c.reversed_commission, c.commission_currency, 'refunded', c.refunded,
                     'at', c.occurred_at, 'released', c.release_at,
                     CASE WHEN c.paid THEN 'paid' END, 'contested by ' || o.email, 'with ' || c.coupon_code_used)
    FROM affiliate.conversions AS c
    LEFT JOIN affiliate.affiliates AS a ON a.project_id = c.project_id AND a.affiliate_id = c.affiliate_id
    LEFT JOIN affiliate.affiliates AS o ON o.project_id = c.project_id AND o.affiliate_id = c.contested_affiliate_id
    WHERE c.project_id = $1 ORDER BY 1";

const LEDGER: &str = "
    SELECT concat_ws(' ', c.reference, a.email, l.kind, sum(l.amount), l.currency)
    FROM affiliate.ledger AS l
    JOIN affiliate.affiliates AS a ON a.project_id = l.project_id AND a.affiliate_id = l.affiliate_id
    LEFT JOIN affiliate.conversions AS c ON c.project_id = l.project_id AND c.conversion_id = l.conversion_id
    WHERE l.project_id = $1
    GROUP BY c.reference, a.email, l.kind, l.currency HAVING sum(l.amount) <> 0 ORDER BY 1";

const BALANCES: &str = "
    SELECT concat_ws(' ', a.email, 'total', a.total_earnings, 'eligible', a.eligible_earnings, 'held', a.held_earnings,
                     'paid', a.paid_earnings, a.currency, 'purchases', a.purchases, 'next', a.next_release_at)
    FROM affiliate.affiliates AS a WHERE a.project_id = $1 ORDER BY 1";

impl Books {
    /// The books of a project at this moment.
    pub async fn of(database: &TestDatabase, project_id: i64) -> Self {
        Self::read(&database.connect_superuser().await, project_id).await
    }

    /// The same over a connection that is there.
    pub async fn read(client: &Client, project_id: i64) -> Self {
        let lines = async |sql| {
            let rows = client.query(sql, &[&project_id]).await;
            let rows = rows.unwrap_or_else(|error| panic!("{error:?}"));
            rows.iter().map(|row| row.get(0)).collect()
        };
        Self {
            conversions: lines(CONVERSIONS).await,
            ledger: lines(LEDGER).await,
            balances: lines(BALANCES).await,
        }
    }

    /// Fails with the first lines that only one side has.
    pub fn assert_same(&self, other: &Self, what: &str) {
        if let Some(difference) = self.difference(other) {
            panic!("{what}: {difference}");
        }
    }

    /// The first lines that only one side has, if any.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let parts = [
            ("conversions", &self.conversions, &other.conversions),
            ("ledger", &self.ledger, &other.ledger),
            ("balances", &self.balances, &other.balances),
        ];
        let (name, ours, theirs) = parts.into_iter().find(|part| part.1 != part.2)?;
        let only = |here: &[String], there: &[String]| -> Vec<String> {
            let missing = here.iter().filter(|line| !there.contains(line));
            missing.take(5).cloned().collect()
        };
        let (expected, found) = (only(ours, theirs), only(theirs, ours));
        Some(format!(
            "{name} differ\nexpected {expected:#?}\nfound {found:#?}"
        ))
    }
}

/// Runs `affiliate verify` and gives its exit code and what it printed.
pub async fn verify(database: &TestDatabase, options: &[&str]) -> (i32, Value) {
    let arguments = [&["verify", "--json"][..], options].concat();
    let output = binary::run(&arguments, &[("DATABASE_URL", database.url())]).await;
    let text = String::from_utf8(output.stdout).expect("its output is UTF-8");
    let words = String::from_utf8_lossy(&output.stderr);
    let found = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {words}"));
    (output.status.code().expect("no signal"), found)
}

/// Ledger, balances and conversions agree with each other and with the facts.
pub async fn assert_clean(database: &TestDatabase) {
    let (code, found) = verify(database, &[]).await;
    assert_eq!(code, 0, "{found:#}");
}
