//! A few dozen lives in two projects: in order in one, in any order in the other.

use std::sync::Arc;

use affiliate_tests::books::Books;
use affiliate_tests::database::TestDatabase;
use affiliate_tests::random::Random;
use affiliate_tests::stripe::now;
use tokio_postgres::Client;

use crate::change;
use crate::door::{Door, Tally, deliver, replay_parked};
use crate::step::{Delivery, Step, in_order, shuffled};
use crate::story::{Act, life};

/// Connections that stay open: a fresh one plans every function anew.
#[derive(Debug)]
pub struct Pool {
    owner: Client,
    ordered: Arc<Door>,
    shuffled: Vec<Arc<Door>>,
}

impl Pool {
    pub async fn open(database: &TestDatabase, connections: usize) -> Self {
        let mut shuffled = Vec::new();
        for _ in 0..connections {
            shuffled.push(Door::together(database.connect_superuser().await));
        }
        Self {
            owner: database.connect_superuser().await,
            ordered: Door::sql(database.connect_superuser().await),
            shuffled,
        }
    }
}

/// How a provider tells a life.
pub type Tell = fn(&mut Random, &[Act]) -> Vec<Delivery>;

/// The same things in two orders.
#[derive(Debug, Clone)]
pub struct Orders {
    pub ordered: Vec<Step>,
    pub shuffled: Vec<Step>,
}

impl Orders {
    pub fn of(seed: u64, provider: &str, tell: Tell, lives: u64) -> Self {
        let random = &mut Random::new(seed);
        let now = now();
        let mut events = Vec::new();
        for number in 0..lives {
            let acts = life(random, number, now);
            events.extend(tell(random, &acts));
        }
        let changes = change::changes(random, provider, lives, now);
        // What arrives after some of it was paid out, in every other batch.
        let paid_out = random.one_in(2);
        let (late, early): (Vec<_>, Vec<_>) = events
            .into_iter()
            .partition(|_| random.one_in(4) && paid_out);
        let mut orders = Self {
            ordered: in_order(&early, &changes),
            shuffled: shuffled(random, &early, &changes),
        };
        orders.ordered.push(Step::Payday);
        orders.ordered.extend(in_order(&late, &[]));
        orders.shuffled.push(Step::Payday);
        orders.shuffled.extend(shuffled(random, &late, &[]));
        orders
    }
}

/// Delivers both orders to a project of their own; gives what is wrong with the outcome. A race needs more than one
/// connection for those in any order.
pub async fn differences(
    pool: &Pool,
    orders: &Orders,
    races: bool,
    tally: &Arc<Tally>,
) -> Option<String> {
    let (ordered, shuffled) = (project(&pool.owner).await, project(&pool.owner).await);
    let one = std::slice::from_ref(&pool.ordered);
    let doors = if races {
        &pool.shuffled[..]
    } else {
        &pool.shuffled[..1]
    };
    tokio::join!(
        deliver_all(&pool.owner, one, ordered, &orders.ordered, tally),
        deliver_all(&pool.owner, doors, shuffled, &orders.shuffled, tally),
    );
    for project in [ordered, shuffled] {
        if let Some(found) = unclean(&pool.owner, project).await {
            return Some(format!("project {project}: {found}"));
        }
    }
    let expected = Books::read(&pool.owner, ordered).await;
    expected.difference(&Books::read(&pool.owner, shuffled).await)
}

/// Delivers the steps, with what has to wait for another replayed in the end, and before a payday.
pub async fn deliver_all(
    owner: &Client,
    doors: &[Arc<Door>],
    project: i64,
    steps: &[Step],
    tally: &Arc<Tally>,
) {
    for (n, part) in steps.split(|step| matches!(step, Step::Payday)).enumerate() {
        if n > 0 {
            let paid = owner.execute(PAYDAY, &[&project]).await;
            paid.unwrap_or_else(|error| panic!("{error:?}"));
        }
        deliver(doors, project, part, tally).await;
        replay_parked(owner, project).await;
    }
}

/// A third of the sales, the same in every project.
const PAYDAY: &str = "
    SELECT affiliate_api.update_conversion($1, jsonb_build_object('id', c.conversion_id, 'paid', true))::text
    FROM affiliate_private.conversion AS c
    JOIN affiliate_private.sale AS s ON s.project_id = c.project_id AND s.sale_id = c.sale_id
    WHERE c.project_id = $1 AND hashtext(s.sale_key) % 3 = 0";

/// A project with affiliates, coupons, a rate and all providers.
pub async fn project(client: &Client) -> i64 {
    let create = "
        WITH p AS MATERIALIZED (SELECT (affiliate.create_project('Shop') ->> 'project_id')::bigint AS project_id)
        SELECT p.project_id, affiliate.set_provider(p.project_id, n.provider, 'whsec_of_the_lives')::text
        FROM p CROSS JOIN unnest(ARRAY['stripe', 'lemonsqueezy', 'paddle', 'polar']) AS n (provider)";
    let rows = client.query(create, &[]).await;
    let project = rows.expect("a project")[0].get(0);
    prepare(client, project).await;
    project
}

/// The same of a project that is there.
pub async fn prepare(client: &Client, project: i64) {
    for sql in change::preparation() {
        let done = client.execute(&sql, &[&project]).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}

/// What `affiliate.verify` finds, if anything.
pub async fn unclean(client: &Client, project: i64) -> Option<String> {
    let sql = "SELECT string_agg(concat_ws(' ', v.check_name, v.subject, 'expected', v.expected, 'actual', v.actual), E'\\n')
               FROM affiliate.verify($1) AS v";
    let row = client.query_one(sql, &[&project]).await;
    row.expect("a verification").get(0)
}
