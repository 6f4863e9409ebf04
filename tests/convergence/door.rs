//! Where events and the owner's changes go in: the SQL functions, or the gateway.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use affiliate_tests::shop::Answer;
use affiliate_tests::{signature, stripe};
use tokio::sync::Mutex;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row};

use crate::step::{Delivery, Step};

/// What was delivered.
#[derive(Debug, Default)]
pub struct Tally {
    pub events: AtomicU64,
    /// Those of them that went in with others.
    pub together: AtomicU64,
    pub deadlocks: AtomicU64,
}

/// One connection.
#[derive(Debug)]
pub struct Door {
    owner: Arc<Client>,
    way: Way,
}

/// How events go in.
#[derive(Debug)]
enum Way {
    /// Through the SQL function, one by one.
    Alone,
    /// Through the SQL function for several, up to four at a time.
    Together,
    Gateway(Webhook),
}

const MOST_TOGETHER: usize = 4;

/// Where the gateway takes a provider's events, and what they are signed with.
#[derive(Debug, Clone)]
pub struct Webhook {
    pub url: String,
    pub secret: &'static str,
    pub http: reqwest::Client,
}

impl Webhook {
    async fn post(&self, event: &Delivery, body: &[u8]) {
        let id = event.delivery_id.as_deref().unwrap_or_default();
        let headers = signature::sign(event.provider, self.secret, id, stripe::now(), body);
        let mut request = self.http.post(&self.url).body(body.to_vec());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = Answer::of(request.header("content-type", "application/json")).await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

impl Door {
    pub fn sql(owner: Client) -> Arc<Self> {
        let owner = Arc::new(owner);
        Arc::new(Self {
            owner,
            way: Way::Alone,
        })
    }

    pub fn together(owner: Client) -> Arc<Self> {
        let owner = Arc::new(owner);
        Arc::new(Self {
            owner,
            way: Way::Together,
        })
    }

    pub fn gateway(owner: &Arc<Client>, webhook: &Webhook) -> Arc<Self> {
        Arc::new(Self {
            owner: Arc::clone(owner),
            way: Way::Gateway(webhook.clone()),
        })
    }

    /// How many events this door takes at once where so many steps are left.
    fn takes(&self, left: usize) -> usize {
        match self.way {
            Way::Together => 1 + left % MOST_TOGETHER,
            Way::Alone | Way::Gateway(_) => 1,
        }
    }

    async fn receive(&self, project: i64, events: &[Delivery], tally: &Tally) {
        match events {
            [event] => self.receive_alone(project, event, tally).await,
            several => self.receive_together(project, several, tally).await,
        }
    }

    async fn receive_alone(&self, project: i64, event: &Delivery, tally: &Tally) {
        let body = event.body.to_string().into_bytes();
        tally.events.fetch_add(1, Ordering::Relaxed);
        if let Way::Gateway(webhook) = &self.way {
            webhook.post(event, &body).await;
            return;
        }
        let sql = "SELECT affiliate_private.receive_event($1, $2, $3, $4)";
        let (provider, id) = (&event.provider, &event.delivery_id);
        self.call(sql, &[&project, provider, id, &body], tally)
            .await;
    }

    /// As the gateway does, has events go in alone that did not go in together.
    async fn receive_together(&self, project: i64, events: &[Delivery], tally: &Tally) {
        let sql = "SELECT affiliate_api.ingest_provider_events($1, $2, array_fill(max(s.secret_id), ARRAY[cardinality($4::bytea[])]), $3, $4)
                   FROM affiliate_private.provider_secret AS s WHERE s.project_id = $1 AND s.provider = $2";
        let provider = events[0].provider;
        let ids: Vec<_> = events.iter().map(|event| &event.delivery_id).collect();
        let bodies: Vec<_> = events
            .iter()
            .map(|event| event.body.to_string().into_bytes())
            .collect();
        let rows = self
            .call(sql, &[&project, &provider, &ids, &bodies], tally)
            .await;
        let answers: Vec<Option<String>> = rows[0].get(0);
        assert_eq!(answers.len(), events.len());
        for (event, answer) in events.iter().zip(answers) {
            if answer.is_some() {
                tally.events.fetch_add(1, Ordering::Relaxed);
                tally.together.fetch_add(1, Ordering::Relaxed);
            } else {
                self.receive_alone(project, event, tally).await;
            }
        }
    }

    /// As the gateway does, tries again after a deadlock.
    async fn call(
        &self,
        sql: &str,
        parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)],
        tally: &Tally,
    ) -> Vec<Row> {
        loop {
            match self.owner.query(sql, parameters).await {
                Ok(rows) => return rows,
                Err(error) if error.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED) => {
                    tally.deadlocks.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => panic!("{sql} {parameters:?}: {error:?}"),
            }
        }
    }
}

/// Each step is taken from the front by whichever door is free; none of them is a payday.
pub async fn deliver(doors: &[Arc<Door>], project: i64, steps: &[Step], tally: &Arc<Tally>) {
    let changes: VecDeque<String> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Change(change) => Some(change.sql.clone()),
            Step::Event(_) | Step::Payday => None,
        })
        .collect();
    let changes = Arc::new(Mutex::new(changes));
    let steps = Arc::new(Mutex::new(VecDeque::from(steps.to_vec())));
    let mut workers = Vec::new();
    for door in doors {
        let (steps, changes) = (Arc::clone(&steps), Arc::clone(&changes));
        let (door, tally) = (Arc::clone(door), Arc::clone(tally));
        workers.push(tokio::spawn(async move {
            loop {
                let (events, other) = {
                    let mut steps = steps.lock().await;
                    let most = door.takes(steps.len());
                    let events = take_events(&mut steps, most);
                    let other = events.is_empty().then(|| steps.pop_front()).flatten();
                    (events, other)
                };
                match other {
                    None if !events.is_empty() => door.receive(project, &events, &tally).await,
                    None | Some(Step::Event(_) | Step::Payday) => break,
                    Some(Step::Change(_)) => {
                        // In their own order: the next one waits until this is done.
                        let mut changes = changes.lock().await;
                        let sql = changes.pop_front().expect("as many as there are steps");
                        door.call(&sql, &[&project], &tally).await;
                    }
                }
            }
        }));
    }
    for worker in workers {
        worker.await.expect("every step is taken");
    }
}

/// The events in front, but at most so many.
fn take_events(steps: &mut VecDeque<Step>, most: usize) -> Vec<Delivery> {
    let mut events = Vec::new();
    while events.len() < most
        && let Some(Step::Event(event)) = steps.pop_front_if(|step| matches!(step, Step::Event(_)))
    {
        events.push(event);
    }
    events
}

/// Replays events that came before the rate of their currency; nothing else may be parked.
pub async fn replay_parked(client: &Client, project: i64) {
    let sql = "SELECT e.error, affiliate.replay_event(e.project_id, e.provider_event_id) ->> 'error', convert_from(e.body, 'UTF8')
               FROM affiliate_private.provider_event AS e
               WHERE e.project_id = $1 AND e.outcome = 'parked' ORDER BY e.provider_event_id";
    let parked = client.query(sql, &[&project]).await;
    for row in parked.expect("the parked events") {
        let (before, after): (String, Option<String>) = (row.get(0), row.get(1));
        let body: String = row.get(2);
        assert!(before.starts_with("no exchange rate"), "{before}: {body}");
        assert_eq!(after, None, "{body}");
    }
}
