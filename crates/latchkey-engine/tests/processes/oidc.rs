//! Several processes on one folder at an authorization server that nobody here wrote: rotation, strict reuse
//! detection, no grace.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use latchkey_rig::OidcProvider;
use tokio::runtime::Runtime;
use url::Url;

use crate::host::{Host, Owner};
use crate::waits::{some_moment, until};
use crate::world::client;

struct Provider {
    server: OidcProvider,
    outside: Runtime,
}

impl Provider {
    fn start(settings: &[(&str, &str)]) -> Self {
        let servers = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/servers");
        let mut node = Command::new("node");
        node.envs(settings.iter().copied());
        let server = OidcProvider::start(node, Path::new(servers)).unwrap();
        Self { server, outside: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap() }
    }

    /// Describes it in `folder` as a file of the person's own.
    fn described_in(self, folder: &Path) -> Self {
        let file = file(self.server.issuer());
        self.described_as(folder, &file)
    }

    fn described_as(self, folder: &Path, file: &str) -> Self {
        let providers = folder.join("config/providers");
        std::fs::create_dir_all(&providers).unwrap();
        std::fs::write(providers.join("oidc.toml"), file).unwrap();
        self
    }

    fn count(&self, name: &str) -> u64 {
        self.server.count(name).unwrap()
    }

    /// The browser's part: follows pages and forms to the link back to Latchkey.
    fn agree(&self, url: &str) -> String {
        self.outside.block_on(Browser::default().sign_in(Url::parse(url).unwrap()))
    }

    /// A whole sign-in by nothing but the address of the issuer; the URL for the browser is returned.
    fn sign_in_by_issuer(&self, host: &mut Host) -> String {
        let begun = host.ask(&format!("begin oidc issuer={}", self.server.issuer()));
        let url = begun["url"].as_str().unwrap_or_else(|| panic!("{begun}")).to_owned();
        let done = host.ask(&format!("complete {}", self.agree(&url)));
        assert_eq!(done["connected"], true, "{done}");
        url
    }
}

fn file(issuer: &str) -> String {
    file_of(issuer, "latchkey", "")
}

/// The file with another client, and with more about its authorization.
fn file_of(issuer: &str, client: &str, more: &str) -> String {
    format!(
        r#"
        id = "oidc"
        name = "Third Party"
        summary = "An authorization server that nobody here wrote."

        [client]
        id = "{client}"

        [authorization]
        {more}
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
    let provider = Provider::start(&[("ACCESS_TOKEN_LIFE", "3")]).described_in(folder.path());
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

    provider.server.drop_next_answer().unwrap();
    for host in &mut hosts {
        let state = until("told as lost", || {
            let state = host.ask("state");
            (state["health"]["grant"]["kind"] == "attention").then_some(state)
        });
        assert_eq!(state["health"]["grant"]["reason"], "lost-rotation", "{state}");
    }
    assert_eq!(provider.count("errors"), 1, "a dead grant is not asked for again");
}

#[test]
fn three_processes_with_fifty_callers_each_ask_a_real_provider_once_when_access_has_run_out() {
    let folder = tempfile::tempdir().unwrap();
    let provider = Provider::start(&[("ACCESS_TOKEN_LIFE", "8")]).described_in(folder.path());
    let mut first = Host::start(folder.path(), "", Owner::None);
    let begun = first.ask("begin oidc");
    let done = first.ask(&format!("complete {}", provider.agree(begun["url"].as_str().unwrap())));
    assert_eq!(done["connected"], true, "{done}");
    first.kill();
    let before = provider.count("refreshes");
    some_moment(Duration::from_secs(9));
    let started: Vec<_> = (0..3)
        .map(|_| {
            let mut host = Host::spawn(folder.path(), "", Owner::None);
            let number = host.send("lend 0 50");
            (host, number)
        })
        .collect();
    let lent: Vec<_> = started.into_iter().flat_map(|(mut host, number)| host.lent(number)).collect();
    let different: BTreeSet<_> = lent.iter().map(ToString::to_string).collect();
    assert_eq!((lent.len(), different.len()), (150, 1), "{different:?}");
    assert_eq!((provider.count("refreshes") - before, provider.count("errors")), (1, 0));
}

#[test]
fn the_address_of_a_real_issuer_is_enough_for_a_sign_in_and_renewals_with_id_tokens_through_key_rotations() {
    let folder = tempfile::tempdir().unwrap();
    let provider = Provider::start(&[("ACCESS_TOKEN_LIFE", "3"), ("REGISTRATION", "1")]);
    let mut host = Host::start(folder.path(), "", Owner::One);
    let url = provider.sign_in_by_issuer(&mut host);
    for part in ["nonce=", "code_challenge=", "state="] {
        assert!(url.contains(part), "{part}: {url}");
    }
    let renewed = |host: &mut Host, count: u64| {
        until("renewals", || {
            let lent = host.lend();
            assert_eq!(lent["saved"], true, "{lent} {}", host.ask("state"));
            (provider.count("refreshes") >= count).then_some(())
        });
        let state = host.ask("state");
        assert_eq!(state["health"]["grant"]["kind"], "connected", "{state}");
    };
    renewed(&mut host, 2);
    // signing-key-rotation: nobody but the server knows the next key.
    provider.server.rotate_key().unwrap();
    renewed(&mut host, 4);
    // signing-key-rotation-just-before-signing
    provider.sign_in_by_issuer(&mut host);
    renewed(&mut host, 5);
    assert_eq!(provider.count("errors"), 0);
}

#[test]
fn a_real_issuer_that_requires_pushed_requests_gets_them_and_the_browser_carries_a_reference() {
    let folder = tempfile::tempdir().unwrap();
    let provider = Provider::start(&[("REQUIRE_PAR", "1"), ("REGISTRATION", "1")]);
    let mut host = Host::start(folder.path(), "", Owner::One);
    let url = Url::parse(&provider.sign_in_by_issuer(&mut host)).unwrap();
    let names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["client_id", "request_uri"]);
    assert_eq!(provider.count("pushed"), 1);
}

#[test]
fn tokens_that_a_real_server_binds_to_a_key_are_renewed_by_every_process_that_comes_after() {
    let folder = tempfile::tempdir().unwrap();
    let provider = Provider::start(&[("ACCESS_TOKEN_LIFE", "3"), ("DPOP_NONCE", "1")]);
    let file = file_of(provider.server.issuer(), "latchkey-bound", "dpop = true");
    let provider = provider.described_as(folder.path(), &file);
    let mut host = Host::start(folder.path(), "", Owner::One);
    let begun = host.ask("begin oidc");
    let done = host.ask(&format!("complete {}", provider.agree(begun["url"].as_str().unwrap())));
    assert_eq!(done["connected"], true, "{done}");
    let renewed = |mut host: Host, count: u64| {
        until("renewals", || {
            let lent = host.lend();
            assert_eq!((&lent["saved"], &lent["bound"]), (&true.into(), &true.into()), "{lent}");
            (provider.count("refreshes") >= count).then_some(())
        });
        host.kill();
    };
    renewed(host, 2);
    renewed(Host::start(folder.path(), "", Owner::One), 4);
    assert_eq!(provider.count("errors"), 0);
    assert!(provider.count("bound") >= 5, "the server has bound every token");
    assert!(provider.count("nonces") >= 2, "each process had to learn the server's nonce");
}
