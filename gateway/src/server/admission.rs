//! One request of a verified caller: checked, counted and answered in one statement.
//!
//! The order of refusals is 401, 403, 429, and only then what is wrong with the request itself. Whichever it is, a
//! request with a valid key is counted and told where its key stands.

use std::sync::Arc;
use std::time::Instant;

use axum::http::StatusCode;
use tokio::sync::MutexGuard;
use tokio_postgres::Row;

use super::App;
use super::database::{CallError, Repeat};
use crate::auth::Caller;
use crate::catalog::Endpoint;
use crate::db::Parameter;
use crate::error::ApiError;
use crate::limit::{KeyLimit, Rate, Standing};

/// Checks and counts without calling anything.
const AUTHORIZE: &str = "SELECT NULL::text, c.rate_limit, c.granted, c.remaining, c.reset_at, c.reset_in_ms \
                           FROM affiliate_api.authorize($1, $2, $3, $4::text::jsonb) AS c";

/// What a request asks for.
pub(super) enum Wanted<'a> {
    /// A call of an endpoint with these arguments.
    Call(&'a Endpoint, &'a str),
    /// A refusal that was decided already, at an endpoint of this scope or at none.
    Refusal(Option<&'a str>, ApiError),
}

impl Wanted<'_> {
    fn scope(&self) -> Option<&str> {
        match self {
            Self::Call(endpoint, _) => Some(&endpoint.scope),
            Self::Refusal(scope, _) => *scope,
        }
    }
}

/// What a request came to, and where its key stands, as far as that is known.
pub(super) struct Outcome {
    /// The text of the endpoint's answer.
    pub(super) result: Result<Option<String>, ApiError>,
    /// For the answer's headers.
    pub(super) rate: Option<Rate>,
}

impl Outcome {
    fn exhausted(rate: Rate) -> Self {
        Self {
            result: Err(rate.refusal()),
            rate: Some(rate),
        }
    }

    fn failed(error: ApiError) -> Self {
        Self {
            result: Err(error),
            rate: None,
        }
    }
}

/// How a request is counted.
enum Ticket<'a> {
    /// It has been, as part of a block.
    Leased(Rate),
    /// By its own statement, while no other of this key and gateway is.
    Counting(#[expect(dead_code, reason = "held, not read")] MutexGuard<'a, ()>),
}

impl Ticket<'_> {
    fn take(&self) -> i32 {
        match self {
            Self::Leased(_) => 0,
            Self::Counting(_) => 1,
        }
    }
}

/// The way of a caller's request to the database.
pub(super) struct Admission<'a> {
    app: &'a App,
    caller: &'a Caller,
    key: Arc<KeyLimit>,
}

impl<'a> Admission<'a> {
    pub(super) fn new(app: &'a App, caller: &'a Caller) -> Self {
        Self {
            app,
            caller,
            key: app.limiter.key(caller.key_id),
        }
    }

    /// The refusal of a key that is known to have used up its minute: before its body is read.
    pub(super) fn refused(&self) -> Option<Outcome> {
        self.key.exhausted(Instant::now()).map(Outcome::exhausted)
    }

    /// Whether the caller's key is live, of what is not counted.
    pub(super) async fn check(&self) -> Result<(), ApiError> {
        let checked = self.authorize(None, 0).await;
        checked.map(drop).map_err(|failure| self.error(failure))
    }

    /// Does what the request wants, if the database lets the caller.
    pub(super) async fn run(&self, wanted: Wanted<'_>) -> Outcome {
        let ticket = match self.ticket().await {
            Ok(ticket) => ticket,
            Err(outcome) => return outcome,
        };
        let sent = Instant::now();
        let called = match &wanted {
            Wanted::Call(endpoint, arguments) => {
                // A reader repeated after a lost connection may be counted twice; it is not executed twice.
                let repeat = if endpoint.read_only {
                    Repeat::Safe
                } else {
                    Repeat::Unsafe
                };
                let (scope, take) = (wanted.scope(), ticket.take());
                self.query(&endpoint.statement, scope, take, Some(arguments), repeat)
                    .await
            }
            Wanted::Refusal(scope, _) => self.authorize(*scope, ticket.take()).await,
        };
        match called {
            Ok(row) => self.answered(row.as_ref(), wanted, &ticket, sent),
            Err(failure) => self.failed(failure, &ticket, sent).await,
        }
    }

    /// Waits for this request's turn where its statement has to count it.
    async fn ticket(&self) -> Result<Ticket<'_>, Outcome> {
        if let Standing::Leased(rate) = self.key.admit(Instant::now()) {
            return Ok(Ticket::Leased(rate));
        }
        let turn = self.key.gate.lock().await;
        match self.key.admit(Instant::now()) {
            Standing::Leased(rate) => Ok(Ticket::Leased(rate)),
            Standing::Count => Ok(Ticket::Counting(turn)),
            Standing::Exhausted(rate) => Err(Outcome::exhausted(rate)),
            Standing::TakeBlock(size) => self.take_block(size).await.map(Ticket::Leased),
        }
    }

    /// Takes a block and, for the request at hand, one of it.
    async fn take_block(&self, size: i32) -> Result<Rate, Outcome> {
        let sent = Instant::now();
        match self.authorize(None, size).await {
            Ok(row) => {
                let granted = row.map(|row| Rate::from_row(&row, sent)).transpose();
                match granted.map(Option::flatten) {
                    Ok(Some((rate, granted))) => Ok(self.key.record(rate, granted - 1)),
                    Ok(None) => Err(Outcome::failed(ApiError::internal())),
                    Err(error) => Err(Outcome::failed(ApiError::from(&error))),
                }
            }
            Err(failure) => Err(match self.exhausted_by(&failure, sent) {
                Some(rate) => Outcome::exhausted(rate),
                None => Outcome::failed(self.error(failure)),
            }),
        }
    }

    fn answered(
        &self,
        row: Option<&Row>,
        wanted: Wanted<'_>,
        ticket: &Ticket<'_>,
        sent: Instant,
    ) -> Outcome {
        let Some(row) = row else {
            return Outcome::failed(ApiError::internal());
        };
        let rate = match self.counted(row, ticket, sent) {
            Ok(rate) => rate,
            Err(error) => return Outcome::failed(ApiError::from(&error)),
        };
        let result = match wanted {
            Wanted::Call(..) => row.try_get(0).map_err(|error| ApiError::from(&error)),
            Wanted::Refusal(_, refusal) => Err(refusal),
        };
        Outcome { result, rate }
    }

    fn counted(
        &self,
        row: &Row,
        ticket: &Ticket<'_>,
        sent: Instant,
    ) -> Result<Option<Rate>, tokio_postgres::Error> {
        if let Ticket::Leased(rate) = ticket {
            return Ok(Some(*rate));
        }
        let granted = Rate::from_row(row, sent)?;
        Ok(granted.map(|(rate, _)| self.key.record(rate, 0)))
    }

    async fn failed(&self, failure: CallError, ticket: &Ticket<'_>, sent: Instant) -> Outcome {
        if let Some(rate) = self.exhausted_by(&failure, sent) {
            return Outcome::exhausted(rate);
        }
        let raised = failure.is_raised();
        let error = self.error(failure);
        match ticket {
            Ticket::Leased(rate) => Outcome {
                rate: (error.status() != StatusCode::UNAUTHORIZED).then_some(*rate),
                result: Err(error),
            },
            Ticket::Counting(_) if raised && error.status() != StatusCode::UNAUTHORIZED => {
                self.count_failed(error).await
            }
            Ticket::Counting(_) => Outcome::failed(error),
        }
    }

    /// Counts a request that was rolled back, and its count with it. Where others have used the minute up meanwhile it
    /// is one too many after all; but a key that may not do this is told so first.
    async fn count_failed(&self, error: ApiError) -> Outcome {
        let sent = Instant::now();
        let rate = match self.authorize(None, 1).await {
            Ok(row) => {
                let granted = row.and_then(|row| Rate::from_row(&row, sent).ok().flatten());
                granted.map(|(rate, _)| self.key.record(rate, 0))
            }
            Err(failure) => match self.exhausted_by(&failure, sent) {
                Some(rate) if error.status() != StatusCode::FORBIDDEN => {
                    return Outcome::exhausted(rate);
                }
                rate => rate,
            },
        };
        Outcome {
            result: Err(error),
            rate,
        }
    }

    /// Where the key stands if the database refused for its rate; remembered, so that it is not asked again.
    fn exhausted_by(&self, failure: &CallError, sent: Instant) -> Option<Rate> {
        let rate = Rate::from_refusal(failure.detail_of("RF429")?, sent)?;
        Some(self.key.record(rate, 0))
    }

    fn error(&self, failure: CallError) -> ApiError {
        let error = ApiError::from(failure);
        if error.status() == StatusCode::UNAUTHORIZED {
            self.app.authenticator.forget(self.caller);
        }
        error
    }

    async fn authorize(&self, scope: Option<&str>, take: i32) -> Result<Option<Row>, CallError> {
        self.query(AUTHORIZE, scope, take, None, Repeat::Unsafe)
            .await
    }

    async fn query(
        &self,
        statement: &str,
        scope: Option<&str>,
        take: i32,
        arguments: Option<&str>,
        repeat: Repeat,
    ) -> Result<Option<Row>, CallError> {
        let caller = self.caller;
        let mut parameters: Vec<&dyn Parameter> =
            vec![&caller.key_id, &scope, &take, &caller.claims];
        parameters.extend(arguments.as_ref().map(|text| text as &dyn Parameter));
        let rows = self
            .app
            .database
            .query(statement, &parameters, repeat)
            .await?;
        Ok(rows.into_iter().next())
    }
}
