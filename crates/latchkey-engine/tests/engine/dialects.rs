//! Each habit in which a provider differs from RFC 6749, against a provider that insists on it: without the line
//! in its file the sign-in fails.

use crate::odd::{CLIENT, File, Odd, SECRET};
use crate::support::MINUTE;
use latchkey_engine::Callback;
use latchkey_protocol::{AttentionReason, GrantState, Severity};
use latchkey_sandbox::{
    Endpoint, OddAuthentication, OddChallenge, OddPresentation, OddRefusal, OddSettings, RevokedBecause,
};

/// Whether a sign-in with the standard's own file ends in a connection.
fn goes_without(habits: impl FnOnce(&mut OddSettings)) -> bool {
    let odd = Odd::new(&File::default(), habits);
    let url = odd.begin(&[]).unwrap();
    let response = odd.outside(async {
        let answer = crate::support::client().get(url).send().await.unwrap();
        answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned())
    });
    let Some(link) = response else { return false };
    assert_eq!(odd.link(&link), Callback::Taken);
    odd.until("over", |overview| {
        let provider = overview.providers.iter().find(|one| one.id.as_str() == "odd").unwrap();
        !overview.connections.is_empty()
            || provider
                .sign_in
                .as_ref()
                .is_some_and(|sign_in| matches!(sign_in.stage, latchkey_protocol::SignInStage::Ended { .. }))
    });
    !odd.overview().connections.is_empty()
}

#[test]
fn without_oddities_the_odd_face_is_as_the_standard_is() {
    assert!(goes_without(|_| {}));
    Odd::new(&File::default(), |_| {}).lives();
}

#[test]
fn parameters_have_the_names_that_the_file_gives_them() {
    let habits = |odd: &mut OddSettings| {
        odd.client_id_parameter = "client_key".into();
        odd.client_secret_parameter = "secret".into();
        odd.scope_parameter = "perms".into();
        odd.authentication = OddAuthentication::Post;
    };
    assert!(!goes_without(habits));
    let file = File {
        client: "id_parameter = \"client_key\"\nsecret_parameter = \"secret\"\nsecret = \"required\"",
        authorization: "scope_parameter = \"perms\"",
        ..File::default()
    };
    let odd = Odd::with_secret(&file, Some(SECRET), habits);
    odd.save(CLIENT, SECRET).unwrap();
    odd.lives();
}

#[test]
fn scopes_are_joined_and_read_as_the_provider_writes_them() {
    let habits = |odd: &mut OddSettings| odd.scope_separator = ",".into();
    assert!(!goes_without(habits));
    let comma = || File { authorization: "scope_separator = \",\"", ..File::default() };
    Odd::new(&comma(), habits).lives();
    Odd::new(&File::default(), |odd| odd.scopes_as_list = true).lives();
}

#[test]
fn a_challenge_is_made_in_the_one_way_that_the_provider_takes() {
    let cases = [
        (OddChallenge::S256Hex, "challenge = \"s256-hex\""),
        (OddChallenge::Plain, "challenge = \"plain\""),
        (OddChallenge::Refused, "pkce = \"unsupported\""),
    ];
    for (challenge, authorization) in cases {
        assert!(!goes_without(|odd| odd.challenge = challenge), "{challenge:?}");
        let odd = Odd::new(&File { authorization, ..File::default() }, |odd| odd.challenge = challenge);
        odd.lives();
        let sent = odd.sandbox.issued();
        let none = challenge == OddChallenge::Refused;
        assert_eq!(sent.code_verifiers.is_empty(), none, "{challenge:?}");
    }
}

#[test]
fn a_token_request_may_be_json_and_may_say_more() {
    let habits = |odd: &mut OddSettings| {
        odd.json_body = true;
        odd.token_parameters = [("action".to_owned(), "requesttoken".to_owned())].into();
    };
    assert!(!goes_without(habits));
    let token = "body = \"json\"\nparameters = { action = \"requesttoken\" }";
    Odd::new(&File { token, ..File::default() }, habits).lives();
}

#[test]
fn a_client_proves_itself_in_the_header_or_in_the_body() {
    for (way, name) in [(OddAuthentication::Basic, "basic"), (OddAuthentication::Post, "post")] {
        let client: &'static str = match name {
            "basic" => "secret = \"required\"\nauthentication = [\"none\", \"basic\", \"post\"]",
            _ => "secret = \"required\"\nauthentication = [\"post\", \"basic\"]",
        };
        let odd = Odd::with_secret(&File { client, ..File::default() }, Some(SECRET), |odd| {
            odd.authentication = way;
        });
        odd.save(CLIENT, SECRET).unwrap();
        odd.lives();
    }
}

#[test]
fn tokens_are_found_where_the_provider_puts_them() {
    let habits = |odd: &mut OddSettings| odd.token_member = Some("authed_user".into());
    assert!(!goes_without(habits));
    let token = "pointer = \"/authed_user\"";
    Odd::new(&File { token, ..File::default() }, habits).lives();
}

#[test]
fn a_moment_at_which_access_ends_is_as_good_as_a_life() {
    let at = u64::try_from(crate::support::START.0 / 1000).unwrap() + 7200;
    let token = "expires_at_pointer = \"/expires_at\"";
    let odd = Odd::new(&File { token, ..File::default() }, |odd| odd.expires_at = Some(at));
    let connection = odd.sign_in_at(&[]);
    let ends = connection.renewal.access_expires_at.unwrap();
    assert_eq!(ends.0 / 1000, i64::try_from(at).unwrap());
}

#[test]
fn where_no_answer_names_a_life_the_file_says_when_to_renew() {
    let never =
        Odd::new(&File { token: "endless = true", ..File::default() }, |odd| odd.expires_at = Some(0));
    never.sign_in_at(&[]);
    never.clock.advance(30 * 24 * 60 * MINUTE);
    never.is_healthy();
    assert_eq!(never.refreshes().len(), 0);
    let soon = File { token: "assumed_life_seconds = 600", ..File::default() };
    let soon = Odd::new(&soon, |odd| odd.expires_at = Some(0));
    soon.sign_in_at(&[]);
    soon.clock.advance(6 * MINUTE);
    soon.requests(Endpoint::Refresh, 1);
}

#[test]
fn an_answer_may_be_a_form_where_the_file_says_so() {
    let habits = |odd: &mut OddSettings| odd.form_answers = true;
    assert!(!goes_without(habits));
    Odd::new(&File { token: "answer = \"form\"", ..File::default() }, habits).lives();
}

#[test]
fn a_refusal_behind_status_200_ends_a_grant_only_if_the_file_knows_its_words() {
    let own = "[token.errors]\nbad_refresh_token = \"invalid_grant\"";
    let number = "error_pointer = \"/status\"\n[token.errors]\n\"401\" = \"invalid_grant\"";
    let cases = [(OddRefusal::OwnWords, own), (OddRefusal::OkFlag, own), (OddRefusal::StatusNumber, number)];
    for (refusal, token) in cases {
        let odd = Odd::new(&File { token, ..File::default() }, |odd| odd.refusal = refusal);
        odd.sign_in_at(&[]);
        odd.sandbox.revoke(None);
        odd.clock.advance(56 * MINUTE);
        odd.until_attention();
        let grant = odd.grant();
        let reason = AttentionReason::RevokedOrExpired;
        assert!(
            matches!(grant, GrantState::Attention { reason: why, .. } if why == reason),
            "{refusal:?} {grant:?}"
        );
    }
    let odd = Odd::new(&File::default(), |odd| odd.refusal = OddRefusal::OwnWords);
    odd.sign_in_at(&[]);
    odd.sandbox.revoke(None);
    odd.clock.advance(56 * MINUTE);
    odd.requests(Endpoint::Refresh, 1);
    odd.until_asleep_for(500);
    assert_eq!(odd.grant(), GrantState::Connected, "words that nobody knows end nothing");
}

#[test]
fn a_refresh_goes_where_the_provider_takes_refreshes() {
    let token = "refresh_url = \"{sandbox}/odd/refresh\"\nurl = \"{sandbox}/odd/token\"";
    let odd = Odd::new(&File { token, ..File::default() }, |odd| odd.refresh_apart = true);
    odd.lives();
    let paths: Vec<_> =
        odd.sandbox.requests_to(Endpoint::Refresh).into_iter().map(|entry| entry.path).collect();
    assert!(paths.iter().all(|path| path == "/odd/refresh"), "{paths:?}");
}

#[test]
fn the_call_that_names_the_account_may_be_a_query() {
    let identity = "url = \"{sandbox}/odd/graphql\"\nmethod = \"POST\"\nbody = '{\"query\":\"{ viewer { id name } }\"}'\n\
                    key = [\"/data/viewer/id\"]\nname = [\"/data/viewer/name\"]\nheaders = { X-Odd-Client = \"{client_id}\" }";
    let odd = Odd::new(&File { identity: Some(identity), ..File::default() }, |odd| {
        odd.identity_headers = [("X-Odd-Client".to_owned(), CLIENT.to_owned())].into();
    });
    odd.lives();
}

#[test]
fn the_access_token_is_shown_in_the_way_that_the_provider_wants() {
    let cases = [
        (OddPresentation::Scheme, "scheme:OAuth"),
        (OddPresentation::Query, "query:access_token"),
        (OddPresentation::Header, "header:X-Odd-Token"),
    ];
    for (presentation, written) in cases {
        assert!(!goes_without(|odd| odd.presentation = presentation), "{written}");
        let identity = format!(
            "url = \"{{sandbox}}/odd/me\"\nauthentication = \"{written}\"\nkey = [\"/user/id\"]\nname = [\"/user/name\"]"
        );
        let file = File { identity: Some(identity.leak()), ..File::default() };
        Odd::new(&file, |odd| odd.presentation = presentation).lives();
    }
}

#[test]
fn an_account_that_only_the_token_answer_names_is_read_there() {
    let identity = "key = [\"/user_id\"]\nname = [\"/user_name\"]";
    let odd = Odd::new(&File { identity: Some(identity), ..File::default() }, |odd| {
        odd.answer_extra = [("user_id", "7"), ("user_name", "Ada Lovelace")]
            .map(|(name, value)| (name.to_owned(), value.into()))
            .into();
    });
    let connection = odd.lives();
    assert_eq!(connection.account.key, "7");
    assert_eq!(odd.sandbox.requests_to(Endpoint::Userinfo).len(), 0);
}

#[test]
fn access_that_is_refused_behind_status_200_is_renewed() {
    let identity = "url = \"{sandbox}/odd/me\"\nkey = [\"/user/id\"]\nname = [\"/user/name\"]\n\
                    error_pointer = \"/error\"\nrefused = [\"invalid_auth\"]";
    let odd = Odd::new(&File { identity: Some(identity), ..File::default() }, |odd| {
        odd.refusal = OddRefusal::OkFlag;
    });
    odd.sign_in_at(&[]);
    odd.sandbox.expire_access();
    assert_eq!(odd.check().unwrap().health.severity, Severity::Healthy);
    assert_eq!(odd.refreshes().len(), 1);
}

#[test]
fn what_the_answers_say_is_kept_and_used_in_later_addresses() {
    let rest = "[keep]\ncompany = { redirect = \"realmId\" }\nuser = { token = \"/x_user_id\" }\n\
                elsewhere = { token = \"/instance_url\", pattern = \"origin\", within = [\"example.com\"] }";
    let identity = "url = \"{sandbox}/odd/me?company={company}&user={user}\"\nkey = [\"/user/id\"]\nname = [\"/user/name\"]";
    let mut odd = Odd::new(&File { identity: Some(identity), rest, ..File::default() }, |odd| {
        let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        odd.redirect_extra = [pair(("realmId", "4242"))].into();
        let extra = |(name, value): (&str, &str)| (name.to_owned(), value.into());
        odd.answer_extra =
            [extra(("x_user_id", "77")), extra(("instance_url", "https://evil.example"))].into();
    });
    odd.sign_in_at(&[]);
    odd.restart();
    odd.is_healthy();
    let asked = odd.sandbox.requests_to(Endpoint::Userinfo).pop().unwrap();
    assert_eq!((asked.query.value("company"), asked.query.value("user")), (Some("4242"), Some("77")));
    let foreign = odd.count("SELECT count(*) FROM connections WHERE kept LIKE '%evil%'");
    assert_eq!(foreign, 0, "an address outside of the provider's domain is not kept");
}

#[test]
fn a_provider_that_wants_it_is_asked_whether_access_is_valid() {
    let rest = "[validation]\nurl = \"{sandbox}/odd/validate\"\nevery_seconds = 600\nauthentication = \"scheme:OAuth\"";
    let mut odd = Odd::new(&File { rest, ..File::default() }, |_| {});
    odd.sign_in_at(&[]);
    odd.requests(Endpoint::Validate, 1);
    odd.clock.advance(11 * MINUTE);
    odd.requests(Endpoint::Validate, 2);
    odd.restart();
    odd.requests(Endpoint::Validate, 3);
    assert_eq!(odd.refreshes().len(), 0);
    odd.sandbox.expire_access();
    odd.clock.advance(11 * MINUTE);
    odd.requests(Endpoint::Refresh, 1);
    odd.until_idle();
    assert_eq!(odd.grant(), GrantState::Connected);
    odd.sandbox.revoke(None);
    odd.clock.advance(11 * MINUTE);
    odd.until_attention();
    let asked = odd.sandbox.requests_to(Endpoint::Validate).len();
    odd.clock.advance(60 * MINUTE);
    odd.until_idle();
    assert_eq!(odd.sandbox.requests_to(Endpoint::Validate).len(), asked, "only while it is connected");
    let ended = odd.sandbox.grants().pop().unwrap().revoked;
    assert_eq!(ended, Some(RevokedBecause::ByProvider));
}
