//! `affiliate mcp`: the MCP tools over standard input and output, for an assistant on this machine.
//!
//! It is a client of the REST API and needs no database; the environment is that of the documented MCP server.

use rmcp::ServiceExt as _;
use rmcp::transport::stdio;

use super::CliError;
use crate::mcp::remote::Remote;
use crate::mcp::{Api as _, Server};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// API key of the project; required
    #[arg(
        long,
        env = "REFGROW_API_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    api_key: Option<String>,
    /// Where the API is
    #[arg(
        long,
        env = "REFGROW_API_URL",
        default_value = "http://127.0.0.1:8080/api/v1",
        value_name = "URL"
    )]
    api_url: String,
}

pub(super) async fn run(args: Args) -> Result<(), CliError> {
    let no_key = "there is no API key: set REFGROW_API_KEY, or pass --api-key";
    let key = args
        .api_key
        .ok_or_else(|| CliError::Usage(no_key.to_owned()))?;
    let remote =
        Remote::new(&args.api_url, &key).map_err(|error| CliError::Usage(error.to_string()))?;
    // An assistant that finds no tools says nothing useful about why.
    let failed = |error: &dyn std::fmt::Display| CliError::Server(error.to_string());
    remote.tools().await.map_err(|error| failed(&error))?;
    let server = Server(remote)
        .serve(stdio())
        .await
        .map_err(|error| failed(&error))?;
    server.waiting().await.map_err(|error| failed(&error))?;
    Ok(())
}
