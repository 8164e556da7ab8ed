//! The client that Latchkey is to a provider: brought by a person or registered by itself, kept sealed, never shown.

use std::collections::BTreeMap;
use std::fs;

use crate::odd::{self, CLIENT, File, Odd};
use crate::support::{MINUTE, World};
use latchkey_engine::{ClientSecret, Passphrase};
use latchkey_protocol::{ClientIdSource, GrantState, ProblemCode, ProviderNeed, Severity};
use latchkey_sandbox::{Client, Endpoint, OddAuthentication};

const SECRET: &str = "planted-client-secret";
const WITH_SECRET: &str = "secret = \"required\"\nauthentication = [\"post\"]";

fn with_secret() -> Odd {
    let file = File { client: WITH_SECRET, ..File::default() };
    Odd::with_secret(&file, Some(SECRET), |odd| odd.authentication = OddAuthentication::Post)
}

#[test]
fn a_client_secret_is_asked_for_saved_sealed_and_never_told() {
    let odd = with_secret();
    assert_eq!(odd.provider().needs, [ProviderNeed::ClientIdAndSecret]);
    assert_eq!(odd.begin(&[]).unwrap_err().code, ProblemCode::ClientIdMissing);
    odd.save(CLIENT, "").unwrap();
    let problem = odd.begin(&[]).unwrap_err();
    assert!(problem.message.contains("client secret"), "{problem}");
    let view = odd.save(CLIENT, SECRET).unwrap();
    assert!(view.secret_saved && view.needs.is_empty(), "{view:?}");
    assert_eq!(view.client_id, ClientIdSource::Settings);
    assert!(!format!("{:?}", odd.overview()).contains(SECRET));
    odd.lives();
    let mut files = String::new();
    for name in ["latchkey.db", "latchkey.db-wal"] {
        let bytes = fs::read(odd.folder.path().join("data").join(name)).unwrap_or_default();
        files.push_str(&String::from_utf8_lossy(&bytes));
    }
    assert!(files.contains(CLIENT) && !files.contains(SECRET));
}

#[test]
fn a_saved_secret_outlives_the_process_and_an_empty_one_leaves_it() {
    let mut odd = with_secret();
    odd.save(CLIENT, SECRET).unwrap();
    odd.save(CLIENT, "").unwrap();
    odd.sign_in_at(&[]);
    odd.restart();
    odd.clock.advance(56 * MINUTE);
    odd.requests(Endpoint::Refresh, 1);
    odd.until_idle();
    odd.is_healthy();
    let view = odd.save("", "").unwrap();
    assert!(matches!(view.client_id, ClientIdSource::Missing { .. }) && !view.secret_saved);
    odd.clock.advance(56 * MINUTE);
    odd.requests(Endpoint::Refresh, 2);
    odd.until_idle();
    odd.is_healthy();
}

#[test]
fn a_secret_with_a_line_break_is_no_secret() {
    let odd = with_secret();
    let problem = odd.save(CLIENT, "two\nlines").unwrap_err();
    assert_eq!(problem.code, ProblemCode::InvalidInput);
    assert!(!problem.to_string().contains("lines\n"));
}

#[test]
fn a_client_secret_follows_the_installation_key() {
    let mut odd = with_secret();
    odd.save(CLIENT, SECRET).unwrap();
    odd.sign_in_at(&[]);
    odd.run(odd.engine().protect_with_passphrase(Passphrase::from("correct horse battery"))).unwrap();
    for _ in 0..4 {
        odd.clock.advance(11 * MINUTE);
        odd.until_idle();
    }
    odd.restart();
    odd.run(odd.engine().unlock(Passphrase::from("correct horse battery"))).unwrap();
    odd.clock.advance(56 * MINUTE);
    odd.requests(Endpoint::Refresh, 1);
    odd.until_idle();
    odd.is_healthy();
}

#[test]
fn a_backup_carries_the_client_of_each_sign_in() {
    let odd = with_secret();
    odd.save(CLIENT, SECRET).unwrap();
    odd.sign_in_at(&[]);
    let path = odd.folder.path().join("backup");
    let words = || Passphrase::from("correct horse battery");
    odd.run(odd.engine().export_to(path.clone(), words())).unwrap();
    assert!(!String::from_utf8_lossy(&fs::read(&path).unwrap()).contains(SECRET));
    let mut there = World::before_the_start();
    let file = File { client: WITH_SECRET, ..File::default() };
    let text = odd::text(&file).replace("{sandbox}", &odd.sandbox.origin());
    there.write_provider("odd.toml", &text);
    there.start();
    there.run(there.engine().import_from(path, words())).unwrap();
    there.clock.advance(56 * MINUTE);
    odd.requests(Endpoint::Refresh, 1);
    there.until_idle();
    assert_eq!(there.check().unwrap().health.severity, Severity::Healthy);
    assert!(odd.sandbox.refusals().is_empty(), "{:?}", odd.sandbox.refusals());
}

#[test]
fn the_environment_may_name_id_and_secret() {
    let mut odd = with_secret();
    odd.world().environment.extend([
        ("LATCHKEY_ODD_CLIENT_ID".to_owned(), CLIENT.to_owned()),
        ("LATCHKEY_ODD_CLIENT_SECRET".to_owned(), SECRET.to_owned()),
    ]);
    odd.restart();
    let view = odd.provider();
    assert!(view.secret_saved && view.needs.is_empty(), "{view:?}");
    odd.lives();
}

#[test]
fn latchkey_registers_itself_once_where_a_server_lets_it() {
    let cases = [
        ("[client.registration]\nurl = \"{sandbox}/odd/register\"", OddAuthentication::None),
        (
            "secret = \"optional\"\nauthentication = [\"post\"]\n[client.registration]\nurl = \"{sandbox}/odd/apps\"\nstyle = \"mastodon\"",
            OddAuthentication::Post,
        ),
    ];
    for (client, authentication) in cases {
        let mut odd =
            Odd::new(&File { client, ..File::default() }, |odd| odd.authentication = authentication);
        assert_eq!(odd.provider().needs, []);
        odd.sign_in_at(&[]);
        odd.restart();
        odd.clock.advance(56 * MINUTE);
        odd.requests(Endpoint::Refresh, 1);
        odd.until_idle();
        odd.is_healthy();
        odd.begin(&[]).unwrap();
        assert_eq!(odd.sandbox.requests_to(Endpoint::Register).len(), 1);
    }
}

const SERVER: &str = "[variables.server]\nwords = \"The address of the server\"\npattern = \"origin\"";

fn on_servers() -> (Odd, Odd) {
    let file = || File {
        top: SERVER,
        client: "",
        authorization: "url = \"{server}/odd/authorize\"",
        token: "url = \"{server}/odd/token\"",
        identity: Some("url = \"{server}/odd/me\"\nkey = [\"/user/id\"]\nname = [\"/user/name\"]"),
        ..File::default()
    };
    (Odd::new(&file(), |_| {}), Odd::new(&file(), |_| {}))
}

#[test]
fn the_same_account_on_two_servers_is_two_connections() {
    let (mut odd, other) = on_servers();
    assert_eq!(odd.provider().needs, [ProviderNeed::Variable]);
    let (here, there) = (odd.sandbox.origin(), other.sandbox.origin());
    odd.sign_in_at(&[("server", &here)]);
    odd.sign_in_at(&[("server", &there)]);
    let again = odd.browser(&odd.begin(&[("server", &there)]).unwrap());
    odd.link(&again);
    odd.until_idle();
    assert_eq!(odd.overview().connections.len(), 2);
    odd.restart();
    odd.clock.advance(56 * MINUTE);
    odd.requests(Endpoint::Refresh, 1);
    other.requests(Endpoint::Refresh, 1);
    odd.until_idle();
    let connections = odd.overview().connections;
    assert!(connections.iter().all(|one| one.health.grant == GrantState::Connected), "{connections:?}");
}

#[test]
fn a_server_that_is_none_is_refused_before_anything_is_sent() {
    let (odd, _) = on_servers();
    for typed in ["", "http://social.example", "https://social.example/path", "https://user@social.example"] {
        let problem = odd.begin(&[("server", typed)]).unwrap_err();
        assert_eq!(problem.code, ProblemCode::InvalidInput, "{typed}");
        assert!(problem.message.contains("The address of the server"), "{problem}");
    }
    assert_eq!(odd.sandbox.requests().len(), 0);
}

#[test]
fn each_server_has_its_own_client() {
    let (odd, other) = on_servers();
    odd.sandbox.add_client(Client {
        redirect_uris: vec!["dev.latchkey.app:/oauth/odd".into()],
        ..Client::public("mine")
    });
    let here = odd.sandbox.origin();
    let server = BTreeMap::from([("server".to_owned(), here.clone())]);
    odd.run(odd.engine().save_client(odd::odd(), server, "mine".into(), ClientSecret::from(""))).unwrap();
    assert!(odd.begin(&[("server", &here)]).unwrap().as_str().contains("client_id=mine"));
    let there = odd.begin(&[("server", &other.sandbox.origin())]).unwrap();
    assert!(there.as_str().contains("client_id=odd-client"), "{there}");
}

#[test]
fn a_provider_that_cannot_be_connected_to_says_why() {
    let top = "[availability]\nfit = \"broker\"\nreason = \"It wants an https address.\"";
    let odd = Odd::new(&File { top, ..File::default() }, |_| {});
    let view = odd.provider();
    assert_eq!(view.needs, [ProviderNeed::Broker]);
    assert_eq!(view.availability.reason.as_deref(), Some("It wants an https address."));
    assert!(odd.begin(&[]).unwrap_err().message.contains("It wants an https address."));
}
