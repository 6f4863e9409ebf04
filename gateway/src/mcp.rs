//! The REST API as tools for AI assistants (Model Context Protocol).
//!
//! The tools are made of the OpenAPI document, so an endpoint that names a tool in its declaration is one, and a call
//! is a request to the REST API with the caller's own key. The same server runs in the gateway at `/mcp` and, as a
//! client of a gateway elsewhere, in `affiliate mcp`; they differ in their [`Api`].

pub mod remote;
mod request;
mod tool;

use std::future::Future;
use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomRequest,
    CustomResult, ErrorCode, ErrorData, Extensions, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};
use serde_json::Value;

pub use request::ApiRequest;
pub use tool::ToolSet;

const INSTRUCTIONS: &str = "\
Manages an affiliate program: affiliates, the people they refer, the conversions those bring and coupon codes. Amounts \
are decimals in the project's currency. Lists are paged with limit and offset; `has_more` says whether there is more.";

/// What an empty answer of the API (204) is shown as.
const DONE: &str = r#"{"success":true}"#;

/// What the API answered.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body as text.
    pub body: String,
}

/// Why there is no answer, for people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unreachable(pub String);

/// The REST API behind the tools.
pub trait Api: Send + Sync + 'static {
    /// The tools it has now.
    fn tools(&self) -> impl Future<Output = Result<Arc<ToolSet>, Unreachable>> + Send;

    /// Calls it; `extensions` are those of the MCP request.
    fn call(
        &self,
        request: ApiRequest,
        extensions: &Extensions,
    ) -> impl Future<Output = Result<Answer, Unreachable>> + Send;
}

/// The MCP server over an API.
#[derive(Debug, Clone)]
pub struct Server<A>(pub A);

impl<A: Api> Server<A> {
    /// Runs a tool. Everything that goes wrong is for the assistant to read, so it is a result too.
    async fn run(
        &self,
        call: CallToolRequestParams,
        extensions: &Extensions,
    ) -> Result<Answer, String> {
        let tools = self.0.tools().await.map_err(|error| error.to_string())?;
        let tool = tools
            .find(&call.name)
            .ok_or_else(|| format!("There is no tool {}", call.name))?;
        let request = tool.request(call.arguments.unwrap_or_default())?;
        let answered = self.0.call(request, extensions).await;
        answered.map_err(|error| error.to_string())
    }
}

impl<A: Api> ServerHandler for Server<A> {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new(
                "pg_affiliate",
                env!("CARGO_PKG_VERSION"),
            ))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        match self.0.tools().await {
            Ok(tools) => Ok(ListToolsResult::with_all_items(tools.list())),
            Err(error) => Err(ErrorData::internal_error(error.to_string(), None)),
        }
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let result = match self.run(call, &context.extensions).await {
            Ok(answer) => present(answer),
            Err(message) => failure(message),
        };
        Ok(result.into())
    }

    /// What the library could not read as a request it knows.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let known = ["initialize", "tools/call", "tools/list"];
        Err(if known.contains(&request.method.as_str()) {
            let message = format!("the params are not those of {}", request.method);
            ErrorData::invalid_params(message, None)
        } else {
            ErrorData::new(ErrorCode::METHOD_NOT_FOUND, request.method, None)
        })
    }
}

/// The answer as the result of a tool: the API's own text, or its error message.
fn present(answer: Answer) -> CallToolResult {
    let parsed: Option<Value> = serde_json::from_str(&answer.body).ok();
    if !(200..300).contains(&answer.status) {
        let message = parsed.as_ref().and_then(|body| body["error"].as_str());
        return failure(message.map_or_else(
            || format!("The API answered with status {}", answer.status),
            str::to_owned,
        ));
    }
    if answer.body.is_empty() {
        return CallToolResult::success(vec![ContentBlock::text(DONE)]);
    }
    let mut result = CallToolResult::success(vec![ContentBlock::text(answer.body)]);
    result.structured_content = parsed.filter(Value::is_object);
    result
}

fn failure(message: String) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(message)])
}

#[cfg(test)]
mod tests;
