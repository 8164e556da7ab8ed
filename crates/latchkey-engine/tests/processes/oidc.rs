//! Several processes on one folder at an authorization server that nobody here wrote: rotation, strict reuse
//! detection, no grace.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tokio::runtime::Runtime;
use url::Url;

use crate::host::{Host, Owner};
use crate::waits::until;
use crate::world::client;

struct Provider {
    process: Child,
    control: String,
    outside: Runtime,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Provider {
    /// Starts oidc-provider and describes it in `folder` as a file of the person's own.
    fn start(folder: &Path) -> Self {
        let servers = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/servers");
        let mut command = Command::new("node");
        command.arg("oidc-provider.mjs").current_dir(servers).env("ACCESS_TOKEN_LIFE", "3");
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, issuer, _, control] = words[..] else {
            panic!("oidc-provider did not start; run script/setup --test: {line:?}")
        };
        let providers = folder.join("config/providers");
        std::fs::create_dir_all(&providers).unwrap();
        std::fs::write(providers.join("oidc.toml"), file(issuer)).unwrap();
        let outside = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { process, control: control.to_owned(), outside }
    }

    /// A number from the server's own counts.
    fn count(&self, name: &str) -> u64 {
        let text = self.outside.block_on(async {
            client().get(format!("{}/stats", self.control)).send().await.unwrap().text().await.unwrap()
        });
        serde_json::from_str::<Value>(&text).unwrap()[name].as_u64().unwrap()
    }

    fn drop_next_answer(&self) {
        let sent = client().post(format!("{}/drop", self.control)).send();
        self.outside.block_on(sent).unwrap();
    }

    /// The browser's part: follows pages and forms to the link back to Latchkey.
    fn agree(&self, url: &str) -> String {
        self.outside.block_on(Browser::default().sign_in(Url::parse(url).unwrap()))
    }
}

fn file(issuer: &str) -> String {
    format!(
        r#"
        id = "oidc"
        name = "Third Party"
        summary = "An authorization server that nobody here wrote."

        [client]
        id = "latchkey"

        [authorization]
        url = "{issuer}/auth"
        redirects = ["deep-link"]
        scopes = ["openid", "offline_access"]
        issuer = "{issuer}"
        issuer_in_answer = true
        parameters = {{ prompt = "login consent" }}

        [token]
        url = "{issuer}/token"

        [identity]
        url = "{issuer}/me"
        key = ["/sub"]
        name = ["/name"]
        "#
    )
}

/// As much of a browser as two forms need.
#[derive(Default)]
struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    async fn sign_in(mut self, mut at: Url) -> String {
        let mut form = None;
        for _ in 0..20 {
            let answer = self.request(&at, form.take()).await;
            if let Some(location) = answer.headers().get("location") {
                let location = location.to_str().unwrap();
                match at.join(location) {
                    Ok(next) if next.scheme() == "http" => at = next,
                    Ok(_) | Err(_) => return location.to_owned(),
                }
                continue;
            }
            let page = answer.text().await.unwrap();
            at = at.join(between(&page, "action=\"", "\"")).unwrap();
            let prompt = between(&page, "name=\"prompt\" value=\"", "\"").to_owned();
            form = Some(format!("prompt={prompt}&login=ada&password=any"));
        }
        panic!("the pages lead nowhere: {at}")
    }

    async fn request(&mut self, at: &Url, form: Option<String>) -> reqwest::Response {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = match form {
            Some(form) => client()
                .post(at.clone())
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form),
            None => client().get(at.clone()),
        };
        let answer = request.header("cookie", cookies.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1;
    rest.split_once(after).unwrap().0
}

#[test]
fn three_processes_share_a_rotating_sign_in_and_a_lost_answer_without_grace_is_told_as_lost() {
    let folder = tempfile::tempdir().unwrap();
    let provider = Provider::start(folder.path());
    let mut hosts: Vec<_> = (0..3).map(|_| Host::start(folder.path(), "", Owner::None)).collect();
    let begun = hosts[0].ask("begin oidc");
    let link = provider.agree(begun["url"].as_str().unwrap());
    let done = hosts[0].ask(&format!("complete {link}"));
    assert_eq!(done["connected"], true, "{done}");
    // What they know of the folder they know from their start.
    hosts.truncate(1);
    hosts.extend((0..2).map(|_| Host::start(folder.path(), "", Owner::None)));
    until("four refreshes", || {
        for host in &mut hosts {
            let number = host.send("lend 0 50");
            assert!(host.lent(number).iter().all(|lent| lent["saved"] == true));
        }
        (provider.count("refreshes") >= 4).then_some(())
    });
    assert_eq!(provider.count("errors"), 0, "no token was sent twice");

    provider.drop_next_answer();
    for host in &mut hosts {
        let state = until("told as lost", || {
            let state = host.ask("state");
            (state["health"]["grant"]["kind"] == "attention").then_some(state)
        });
        assert_eq!(state["health"]["grant"]["reason"], "lost-rotation", "{state}");
    }
    assert_eq!(provider.count("errors"), 1, "a dead grant is not asked for again");
}
