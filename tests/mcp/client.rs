//! MCP clients of a shop's gateway.

use affiliate_tests::binary;
use affiliate_tests::shop::{Project, Shop};
use rmcp::model::{CallToolRequestParams, CallToolResult, JsonObject};
use rmcp::service::{ClientInitializeError, RunningService};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{RoleClient, ServiceExt};
use serde_json::Value;
use tokio::process::Command;

/// How the client reaches the tools.
#[derive(Debug, Clone, Copy)]
pub enum Transport {
    /// `affiliate mcp`, as a host of assistants runs it.
    Stdio,
    /// `/mcp` of the gateway.
    Http,
}

impl Transport {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Stdio, Self::Http];
}

/// An MCP client with a session.
pub struct Client(RunningService<RoleClient, ()>);

impl Client {
    /// A session with the key of a project.
    pub async fn open(transport: Transport, shop: &Shop, project: &Project) -> Self {
        match transport {
            Transport::Stdio => {
                let url = format!("{}/api/v1", shop.gateway.base_url());
                let program = binary::path();
                Self::run(program.as_os_str(), &["mcp"], &project.key, &url).await
            }
            Transport::Http => {
                let opened = Self::try_http(shop, Some(&project.key)).await;
                opened.unwrap_or_else(|error| panic!("{error:?}"))
            }
        }
    }

    /// A session with a program, told what it needs as the guide says.
    pub async fn run(program: &std::ffi::OsStr, arguments: &[&str], key: &str, url: &str) -> Self {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("REFGROW_API_KEY", key)
            .env("REFGROW_API_URL", url);
        let transport = TokioChildProcess::new(command).expect("the program starts");
        Self(().serve(transport).await.expect("a session"))
    }

    /// A session over HTTP with any key, or none.
    pub async fn try_http(shop: &Shop, key: Option<&str>) -> Result<Self, ClientInitializeError> {
        // The transport's own client finds no other cryptography.
        affiliate_tests::http();
        let uri = format!("{}/mcp", shop.gateway.base_url());
        let mut config = StreamableHttpClientTransportConfig::with_uri(uri);
        if let Some(key) = key {
            config = config.auth_header(key);
        }
        let transport = StreamableHttpClientTransport::from_config(config);
        Ok(Self(().serve(transport).await?))
    }

    /// The names of the tools, sorted, with their input schemas.
    pub async fn tools(&self) -> Vec<(String, JsonObject)> {
        let listed = self.0.list_all_tools().await.expect("the tools");
        let mut tools: Vec<(String, JsonObject)> = listed
            .into_iter()
            .map(|tool| (tool.name.into_owned(), (*tool.input_schema).clone()))
            .collect();
        tools.sort_by(|one, other| one.0.cmp(&other.0));
        tools
    }

    /// Calls a tool that succeeds, and gives the JSON it answers with.
    pub async fn call(&self, tool: &str, arguments: Value) -> Value {
        let result = self.try_call(tool, arguments).await;
        let text = text(&result);
        assert_ne!(result.is_error, Some(true), "{tool}: {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{tool}: {error}: {text}"))
    }

    /// Calls a tool that fails, and gives what it says about it.
    pub async fn refusal(&self, tool: &str, arguments: Value) -> String {
        let result = self.try_call(tool, arguments).await;
        assert_eq!(result.is_error, Some(true), "{tool}: {result:?}");
        text(&result)
    }

    /// Calls a tool.
    pub async fn try_call(&self, tool: &str, arguments: Value) -> CallToolResult {
        let arguments: JsonObject = serde_json::from_value(arguments).expect("an object");
        let call = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let called = self.0.call_tool(call).await;
        called.unwrap_or_else(|error| panic!("{tool}: {error:?}"))
    }
}

fn text(result: &CallToolResult) -> String {
    let text = result.content.first().and_then(|content| content.as_text());
    text.expect("a text").text.clone()
}
