//! The attack list on links, row by row, where it needs a sign-in that waits. What the link alone decides is
//! tested beside the parser.

use crate::support::{MINUTE, World};
use futures_util::future::join;
use latchkey_engine::{Callback, Refusal};
use latchkey_protocol::{Keep, Overview, ProviderId, SignInEnding, SignInStage};
use latchkey_sandbox::{Client, Endpoint};
use std::collections::BTreeMap;
use url::Url;

const SECOND: &str = r#"
id = "second"
name = "Second Service"
summary = "Another pretend service."
[client]
id = "second-client"
[authorization]
url = "{sandbox}/authorize"
redirects = ["deep-link", "loopback"]
scopes = ["profile"]
[token]
url = "{sandbox}/token"
[identity]
url = "{sandbox}/userinfo"
key = ["/sub"]
name = ["/name"]
"#;

/// A sign-in that waits, with the links that may come for it.
struct Waiting {
    world: World,
    before: Overview,
    link: String,
}

fn waiting() -> Waiting {
    Waiting::at(World::new(), "sandbox")
}

/// A world with a second provider, whose `[authorization]` has these further lines.
fn with_second(lines: &str) -> World {
    let mut world = World::before_the_start();
    let text = SECOND.replace("scopes =", &format!("{lines}\nscopes ="));
    world.write_provider("second.toml", &text);
    let redirect_uris = vec!["dev.latchkey.app:/oauth/second".to_owned()];
    world.sandbox.add_client(Client { redirect_uris, ..Client::public("second-client") });
    world.start();
    world
}

fn begin_at(world: &World, provider: &str) -> Url {
    let provider = ProviderId::try_from(provider).unwrap();
    let begun = world.engine().begin_sign_in(provider, BTreeMap::new(), Keep::Keychain, None, None);
    world.run(begun).unwrap().1.unwrap()
}

fn stage(world: &World, provider: &str) -> Option<SignInStage> {
    let providers = world.overview().providers;
    let provider = providers.into_iter().find(|known| known.id.as_str() == provider)?;
    provider.sign_in.map(|sign_in| sign_in.stage)
}

/// What a sign-in that failed says.
fn failure(world: &World, provider: &str) -> String {
    let stage = stage(world, provider);
    let Some(SignInStage::Ended { ending: SignInEnding::Failed { problem } }) = stage else {
        panic!("{stage:?}")
    };
    problem.to_string()
}

impl Waiting {
    fn at(world: World, provider: &str) -> Self {
        let link = world.browser(&begin_at(&world, provider));
        Self { before: world.overview(), world, link }
    }

    fn value(&self, name: &str) -> String {
        let link = Url::parse(&self.link).unwrap();
        link.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
    }

    fn base(&self) -> &str {
        self.link.split_once('?').unwrap().0
    }

    /// The link is nobody's: nothing changed and nothing was sent.
    fn ignores(&self, link: &str, why: Option<Refusal>) {
        assert_eq!(self.world.link(link), Callback::Ignored(why), "{link}");
        assert_eq!(self.world.overview(), self.before, "{link}");
        assert_eq!(self.world.sandbox.requests_to(Endpoint::Token).len(), 0, "{link}");
    }

    /// The link ends the sign-in, and no code was used.
    fn ends_without_a_request(&self, link: &str) {
        assert_eq!(self.world.link(link), Callback::Taken, "{link}");
        assert_eq!(self.world.sandbox.requests_to(Endpoint::Token).len(), 0, "{link}");
        assert_eq!(self.world.overview().connections, []);
        assert_eq!(self.world.count("SELECT count(*) FROM sign_ins"), 0);
        assert_eq!(self.world.link(&self.link), Callback::Ignored(None), "it does not wait any more");
    }

    fn still_succeeds(&self) {
        assert_eq!(self.world.link(&self.link), Callback::Taken);
        self.world.until("connected", |overview| overview.connections.len() == 1);
    }
}

#[test]
fn dl_01_a_good_link_for_nobody_is_ignored() {
    let world = World::new();
    let before = world.overview();
    let link = "dev.latchkey.app:/oauth/sandbox?code=C&state=T";
    assert_eq!(world.link(link), Callback::Ignored(None));
    assert_eq!(world.overview(), before);
    assert_eq!(world.sandbox.requests().len(), 0);
}

#[test]
fn dl_02_a_link_counts_once_however_often_it_is_delivered() {
    let waiting = waiting();
    let world = &waiting.world;
    let twice = || world.engine().complete_sign_in(&waiting.link);
    let (first, second) = world.run(join(twice(), twice()));
    let mut both = [first, second];
    both.sort_by_key(|callback| *callback != Callback::Taken);
    assert_eq!(both, [Callback::Taken, Callback::Ignored(None)]);
    world.until("connected", |overview| overview.connections.len() == 1);
    assert_eq!(world.link(&waiting.link), Callback::Ignored(None));
    assert_eq!(world.sandbox.requests_to(Endpoint::Token).len(), 1);
}

#[test]
fn dl_03_a_state_that_differs_in_one_bit_or_in_length_is_nobodys() {
    let waiting = waiting();
    let state = waiting.value("state");
    let code = waiting.value("code");
    let link = |state: &str| format!("{}?code={code}&state={state}", waiting.base());
    for at in 0..state.len() {
        let mut bytes = state.clone().into_bytes();
        bytes[at] ^= 1;
        let wrong = String::from_utf8(bytes).unwrap();
        let encoded: String = url::form_urlencoded::byte_serialize(wrong.as_bytes()).collect();
        waiting.ignores(&link(&encoded), None);
        if at > 0 {
            waiting.ignores(&link(&state[..at]), None);
        }
    }
    for longer in [format!("{state}A"), format!("{state}%20"), format!("A{state}")] {
        waiting.ignores(&link(&longer), None);
    }
    waiting.still_succeeds();
}

#[test]
fn dl_06_an_answer_on_the_path_of_another_sign_in_ends_both() {
    let waiting = Waiting::at(with_second(""), "sandbox");
    let other = waiting.world.browser(&begin_at(&waiting.world, "second"));
    waiting.ends_without_a_request(&waiting.link.replace("/oauth/sandbox", "/oauth/second"));
    for provider in ["sandbox", "second"] {
        assert!(failure(&waiting.world, provider).contains("path of another provider"));
    }
    assert_eq!(waiting.world.link(&other), Callback::Ignored(None));
}

#[test]
fn dl_51_a_code_of_one_provider_on_the_path_of_another_is_not_used() {
    for context in ["second", "nobody"] {
        let waiting = Waiting::at(with_second(""), "sandbox");
        waiting.ends_without_a_request(&waiting.link.replace("/oauth/sandbox", &format!("/oauth/{context}")));
        assert!(failure(&waiting.world, "sandbox").contains("path of another provider"));
    }
}

#[test]
fn dl_09_a_code_together_with_an_error_is_not_used() {
    let waiting = waiting();
    waiting.ends_without_a_request(&format!("{}&error=access_denied", waiting.link));
    assert!(failure(&waiting.world, "sandbox").contains("malformed"));
}

#[test]
fn dl_10_dl_12_a_decline_ends_it_with_the_providers_text_as_text() {
    let waiting = waiting();
    let state = waiting.value("state");
    let said = "error_description=%3Cscript%3Ealert(1)%3C/script%3E%0A%E2%80%AE";
    let declined = format!("{}?error=access_denied&{said}&state={state}", waiting.base());
    waiting.ends_without_a_request(&declined);
    let Some(SignInStage::Ended { ending: SignInEnding::Declined { provider_text } }) =
        stage(&waiting.world, "sandbox")
    else {
        panic!()
    };
    assert_eq!(provider_text.as_deref(), Some("<script>alert(1)</script>"));
}

#[test]
fn dl_11_an_error_without_state_or_with_another_is_nobodys() {
    let waiting = waiting();
    let base = waiting.base();
    waiting.ignores(&format!("{base}?error=access_denied"), Some(Refusal::NoState));
    waiting.ignores(&format!("{base}?error=access_denied&state=T"), None);
    waiting.still_succeeds();
}

#[test]
fn dl_14_the_error_uri_is_shown_nowhere() {
    let waiting = waiting();
    let state = waiting.value("state");
    let link = format!("{}?error=server_error&error_uri=file:///etc/passwd&state={state}", waiting.base());
    waiting.ends_without_a_request(&link);
    assert!(failure(&waiting.world, "sandbox").contains("server_error"));
    assert!(!format!("{:?}", waiting.world.overview()).contains("passwd"));
}

#[test]
fn dl_15_an_issuer_is_compared_to_the_letter_and_missed_where_it_is_promised() {
    let promised = "issuer = \"{sandbox}\"\nissuer_in_answer = true";
    let known = "issuer = \"{sandbox}\"";
    for (lines, issuer) in [
        (promised, Some("https://issuer.example".to_owned())),
        (promised, None),
        (promised, Some("{sandbox}/".to_owned())),
        (promised, Some(String::new())),
        (known, Some("https://issuer.example".to_owned())),
    ] {
        let waiting = Waiting::at(with_second(lines), "second");
        let link = match &issuer {
            Some(iss) => {
                format!("{}&iss={}", waiting.link, iss.replace("{sandbox}", &waiting.world.sandbox.origin()))
            }
            None => waiting.link.clone(),
        };
        waiting.ends_without_a_request(&link);
        assert!(failure(&waiting.world, "second").contains("issuer"), "{issuer:?}");
    }
    let waiting = Waiting::at(with_second(known), "second");
    waiting.still_succeeds();
}

#[test]
fn dl_15_two_issuers_are_nobodys_and_the_right_one_is_welcome() {
    let world = with_second("issuer = \"{sandbox}\"\nissuer_in_answer = true");
    world.settings(|settings| settings.send_iss = true);
    let waiting = Waiting::at(world, "second");
    assert_eq!(waiting.value("iss"), waiting.world.sandbox.origin());
    waiting.ignores(&format!("{}&iss=https://issuer.example", waiting.link), Some(Refusal::Repeated));
    waiting.still_succeeds();
}

#[test]
fn dl_37_ten_thousand_links_of_strangers_change_nothing() {
    let waiting = waiting();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for _ in 0..10_000 {
        let (a, b) = (next(), next());
        let link = match a % 6 {
            0 => format!("{}?code={a:x}&state={b:x}", waiting.base()),
            1 => format!("{}?error=access_denied&state={b:x}", waiting.base()),
            2 => format!("dev.latchkey.app:/oauth/{a:x}?code=C&state={b:x}"),
            3 => format!("{}&state={b:x}", waiting.link),
            4 => waiting.link.replace("dev.latchkey", &format!("dev{a:x}.latchkey")),
            _ => String::from_utf8_lossy(&b.to_le_bytes()).into_owned(),
        };
        assert!(matches!(waiting.world.link(&link), Callback::Ignored(_)), "{link}");
    }
    let requests: Vec<_> = waiting.world.sandbox.requests().iter().map(|entry| entry.endpoint).collect();
    assert_eq!(requests, [Endpoint::Authorize]);
    waiting.ignores("", Some(Refusal::NotOurs));
    waiting.still_succeeds();
}

#[test]
fn dl_46_ten_minutes_after_the_click_a_link_is_too_late() {
    let waiting = waiting();
    waiting.world.clock.advance(10 * MINUTE);
    assert_eq!(waiting.world.link(&waiting.link), Callback::Ignored(None));
    assert_eq!(waiting.world.sandbox.requests_to(Endpoint::Token).len(), 0);
    waiting.world.until("expired", |overview| {
        let ended = |provider: &latchkey_protocol::ProviderView| {
            let stage = provider.sign_in.as_ref().map(|sign_in| &sign_in.stage);
            matches!(stage, Some(SignInStage::Ended { ending: SignInEnding::Expired }))
        };
        overview.providers.iter().any(ended)
    });
}

#[test]
fn a_millisecond_before_it_is_in_time() {
    let waiting = waiting();
    waiting.world.clock.advance(10 * MINUTE - 1);
    waiting.still_succeeds();
}
