//! The `affiliate` binary; everything it does is in the library, see [`affiliate_gateway::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    affiliate_gateway::cli::main()
}
