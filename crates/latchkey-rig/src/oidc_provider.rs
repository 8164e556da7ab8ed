//! oidc-provider, an authorization server that nobody here wrote: PKCE, rotation, strict reuse detection.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{Error, Result, service::Service};

/// What it is called in errors.
const NAME: &str = "oidc-provider";

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub struct OidcProvider {
    issuer: String,
    control: String,
    _service: Service,
    _logs: tempfile::TempDir,
}

impl OidcProvider {
    /// Starts a server. `node` runs JavaScript, with the settings of the server in its environment, and `servers` is the
    /// folder with the server, which `script/setup --test` has filled.
    pub fn start(mut node: Command, servers: &Path) -> Result<Self> {
        node.arg("oidc-provider.mjs").current_dir(servers).stdin(Stdio::null()).stdout(Stdio::piped());
        let logs = tempfile::tempdir().map_err(Error::io("make a folder"))?;
        let mut service = Service::start(NAME, node, logs.path())?;
        let line = service.announce(|line| line.starts_with("oidc ").then(|| line.to_owned()))?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, issuer, _, control] = words[..] else {
            return Err(Error::failed(NAME, format!("did not say where it is: {line:?}")));
        };
        let control = control.trim_start_matches("http://").to_owned();
        Ok(Self { issuer: issuer.to_owned(), control, _service: service, _logs: logs })
    }

    /// Its address, which it calls its issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// A number from the server's own counts.
    pub fn count(&self, name: &str) -> Result<u64> {
        let stats: Value = serde_json::from_str(&self.ask("GET", "/stats")?).unwrap_or_default();
        stats[name].as_u64().ok_or_else(|| Error::failed(NAME, format!("does not count {name}: {stats}")))
    }

    /// Ends every grant, as the server's administrator would.
    pub fn revoke_everything(&self) -> Result<()> {
        self.ask("POST", "/revoke").map(drop)
    }

    /// Loses the next answer of the token endpoint after it was made.
    pub fn drop_next_answer(&self) -> Result<()> {
        self.ask("POST", "/drop").map(drop)
    }

    /// Signs with another key from here on, and publishes no other.
    pub fn rotate_key(&self) -> Result<()> {
        self.ask("POST", "/rotate").map(drop)
    }

    fn ask(&self, method: &str, path: &str) -> Result<String> {
        let failed = |doing: &str| Error::io(format!("{doing} the control of {NAME}"));
        let mut socket = TcpStream::connect(&self.control).map_err(failed("connect to"))?;
        let head = format!("{method} {path} HTTP/1.0\r\nhost: {}\r\ncontent-length: 0\r\n\r\n", self.control);
        socket.write_all(head.as_bytes()).map_err(failed("ask"))?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).map_err(failed("hear"))?;
        Ok(answer.split_once("\r\n\r\n").map_or_else(String::new, |(_, body)| body.to_owned()))
    }
}
