//! The sandbox as a process: for the demo, for browser tests and for tests that kill their client.

use std::io::{self, Write};
use std::process::ExitCode;

use latchkey_sandbox::{Sandbox, SandboxOptions};

const USAGE: &str = "usage: latchkey-sandbox [--port N]";

#[tokio::main]
async fn main() -> ExitCode {
    let Some(port) = port(std::env::args().skip(1)) else {
        return complain(USAGE);
    };
    match run(port).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error.to_string()),
    }
}

async fn run(port: u16) -> io::Result<()> {
    let sandbox = Sandbox::start(SandboxOptions { port, ..SandboxOptions::default() }).await?;
    writeln!(io::stdout().lock(), "sandbox {}", sandbox.origin())?;
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}

/// The port that was asked for, 0 if none was; nothing if the arguments make no sense.
fn port(mut arguments: impl Iterator<Item = String>) -> Option<u16> {
    let port = match arguments.next() {
        None => 0,
        Some(flag) if flag == "--port" => arguments.next()?.parse().ok()?,
        Some(_) => return None,
    };
    arguments.next().is_none().then_some(port)
}

fn complain(message: &str) -> ExitCode {
    // Where stderr is closed, the exit code has to do.
    let _written = writeln!(io::stderr().lock(), "{message}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_one_port_or_none() {
        let parse = |line: &str| port(line.split_whitespace().map(String::from));
        assert_eq!(parse(""), Some(0));
        assert_eq!(parse("--port 8123"), Some(8123));
        for wrong in ["--port", "--port x", "8123", "--port 1 2"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
