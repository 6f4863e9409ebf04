//! One endpoint of the catalog: as it is declared, and ready to be called.

use axum::http::{Method, StatusCode};

use super::parameter::{self, Location, Parameter};

/// One row of `affiliate_api.endpoints()`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// The function in `affiliate_api`.
    pub function_name: String,
    /// The HTTP method.
    pub method: String,
    /// The path, parameters written `:name`.
    pub path: String,
    /// The status of a success.
    pub success_status: i32,
    /// What the API key must allow.
    pub scope: String,
    /// The parameters as JSON.
    pub parameters: String,
    /// One line on what it does.
    pub summary: Option<String>,
    /// More about it.
    pub description: Option<String>,
    /// Its name among the MCP tools, if it is one.
    pub tool_name: Option<String>,
    /// The schema of what it answers, followed by `[]` for a page of them.
    pub response: Option<String>,
    /// What the body as a whole has to satisfy, as JSON schema keywords.
    pub body_schema: Option<String>,
}

/// A declaration that cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The method is no HTTP method.
    #[error("{0:?} is not an HTTP method")]
    Method(String),
    /// The status is no HTTP status.
    #[error("{0} is not an HTTP status")]
    Status(i32),
    /// The parameters cannot be enforced.
    #[error(transparent)]
    Parameters(#[from] parameter::DeclarationError),
    /// The path clashes with another one.
    #[error("the path cannot be routed: {0}")]
    Path(#[from] matchit::InsertError),
    /// The same method and path twice.
    #[error("the method and path are declared twice")]
    Duplicate,
}

/// An endpoint, ready to be called.
#[derive(Debug)]
pub struct Endpoint {
    /// The declaration, for the documentation.
    pub declared: Declared,
    /// The path as declared, for logs.
    pub template: String,
    /// The statement that checks and counts the request and calls the function: the parameters of
    /// `affiliate_api.authorize`, then the arguments.
    pub statement: String,
    /// What the API key must allow.
    pub scope: String,
    /// The status of a success.
    pub success_status: StatusCode,
    /// Whether calling it twice is the same as calling it once.
    pub read_only: bool,
    /// Whether any parameter comes from the body.
    pub takes_body: bool,
    /// Its parameters in declaration order.
    pub parameters: Vec<Parameter>,
    /// The names of the path's parameters in order.
    pub path_names: Vec<String>,
    /// The HTTP method.
    pub method: Method,
}

impl Endpoint {
    /// Prepares a declaration for use.
    pub fn new(declared: Declared) -> Result<Self, EndpointError> {
        let method = Method::from_bytes(declared.method.as_bytes())
            .map_err(|_| EndpointError::Method(declared.method.clone()))?;
        let success_status = u16::try_from(declared.success_status)
            .ok()
            .and_then(|status| StatusCode::from_u16(status).ok())
            .ok_or(EndpointError::Status(declared.success_status))?;
        let parameters = parameter::parse_all(&declared.parameters)?;
        Ok(Self {
            statement: statement(&declared),
            scope: declared.scope.clone(),
            success_status,
            read_only: method == Method::GET,
            takes_body: parameters.iter().any(|p| p.location == Location::Body),
            parameters,
            path_names: declared
                .path
                .split('/')
                .filter_map(|s| s.strip_prefix(':'))
                .map(str::to_owned)
                .collect(),
            template: declared.path.clone(),
            method,
            declared,
        })
    }
}

/// The statement that checks and counts the request and calls the function. It reads from the check, which is therefore
/// made first, and is made even where an inlined function does not use the project that the check gives.
fn statement(declared: &Declared) -> String {
    let function = declared.function_name.replace('"', "\"\"");
    // What hands out rights has to know those of who asks; a parameter of this name cannot stand in for it.
    let caller = if declared.scope == "owner" {
        " || jsonb_build_object('caller', jsonb_build_object('rate_limit_per_minute', caller.rate_limit))"
    } else {
        ""
    };
    format!(
        "SELECT affiliate_api.\"{function}\"(caller.project_id, $5::text::jsonb{caller})::text, caller.rate_limit, \
                caller.granted, caller.remaining, caller.reset_at, caller.reset_in_ms \
           FROM affiliate_api.authorize($1, $2, $3, $4::text::jsonb) AS caller"
    )
}
