//! Signing in to a real PocketBase server: every way in. What becomes of the session is in `pocketbase_session.rs`.

use std::collections::BTreeMap;

use latchkey_engine::{PromptAnswer, Typed};
use latchkey_protocol::{
    AccountMail, ConnectionView, GrantState, Keep, Prompt, PromptFault, PromptField, ProviderId,
    RestingPlace, SignInEnding, SignInMethod, SignInStage, SignInView,
};
use latchkey_rig::PocketBase;
use serde_json::json;

use crate::support::{MINUTE, UPSTREAM_SECRET, World};

pub(crate) const EMAIL: &str = "ada@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct Pocket {
    pub(crate) world: World,
    pub(crate) server: PocketBase,
    pub(crate) user: String,
}

/// A server with Ada on it, verified.
pub(crate) fn server() -> (PocketBase, String) {
    let servers = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/servers");
    let server = PocketBase::start(servers.as_ref()).unwrap();
    let user = server.add_user(EMAIL, PASSWORD, true).unwrap();
    (server, user)
}

impl Pocket {
    pub(crate) fn new() -> Self {
        let (server, user) = server();
        Self { world: World::new(), server, user }
    }

    /// One whose users may sign in with a code as well.
    fn with_codes() -> Self {
        let pocket = Self::new();
        pocket.server.change_users(&json!({"otp": {"enabled": true}})).unwrap();
        pocket
    }

    /// One whose users need two methods.
    fn with_two() -> Self {
        let pocket = Self::with_codes();
        pocket.server.change_users(&json!({"mfa": {"enabled": true}})).unwrap();
        pocket
    }

    pub(crate) fn begin(&self) -> SignInView {
        let begun =
            self.world.engine().begin_sign_in(pocketbase(), BTreeMap::new(), Keep::Keychain, None, None);
        let (view, url) = self.world.run(begun).unwrap();
        assert_eq!(url, None, "it begins in the window");
        view
    }

    pub(crate) fn answer(&self, answer: PromptAnswer) {
        let id = self.sign_in().unwrap().id;
        let url = self.world.run(self.world.engine().answer_prompt(id, answer)).unwrap();
        assert_eq!(url, None);
    }

    /// Begins, and names the server.
    pub(crate) fn enter(&self, keep: Keep) {
        self.begin();
        self.answer(to(&self.server.origin(), "", keep));
    }

    /// What is under way, on whatever card.
    fn sign_in(&self) -> Option<SignInView> {
        let overview = self.world.overview();
        let on_provider = overview.providers.into_iter().find_map(|provider| provider.sign_in);
        on_provider.or_else(|| overview.connections.into_iter().find_map(|connection| connection.sign_in))
    }

    fn asked(&self) -> (Prompt, Vec<PromptFault>) {
        match self.sign_in().unwrap().stage {
            SignInStage::Asking { prompt, faults } => (prompt, faults),
            stage @ (SignInStage::WaitingForBrowser | SignInStage::Finishing | SignInStage::Ended { .. }) => {
                panic!("nothing is asked: {stage:?}")
            }
        }
    }

    /// The one thing that is wrong.
    fn fault(&self) -> PromptFault {
        let (prompt, faults) = self.asked();
        let [fault] = &faults[..] else { panic!("{prompt:?}: {faults:?}") };
        fault.clone()
    }

    pub(crate) fn with_password(&self, password: &str) {
        self.answer(PromptAnswer::Password { identity: EMAIL.into(), password: password.into() });
    }

    pub(crate) fn with_code(&self) -> String {
        self.answer(PromptAnswer::Address { email: EMAIL.into() });
        let mail = self.server.mail("code").unwrap();
        assert_eq!(mail["to"], EMAIL);
        let code = mail["code"].as_str().unwrap().to_owned();
        self.answer(PromptAnswer::OneTimeCode { code: Typed::from(code.as_str()) });
        code
    }

    pub(crate) fn connected(keep: Keep) -> Self {
        let pocket = Self::new();
        pocket.enter(keep);
        pocket.with_password(PASSWORD);
        assert_eq!(pocket.sign_in(), None, "it is done");
        pocket
    }

    pub(crate) fn connection(&self) -> ConnectionView {
        self.world.connection()
    }

    pub(crate) fn check(&self) -> GrantState {
        self.world.check().unwrap().health.grant
    }
}

pub(crate) fn pocketbase() -> ProviderId {
    ProviderId::try_from("pocketbase").unwrap()
}

pub(crate) fn to(server: &str, collection: &str, keep: Keep) -> PromptAnswer {
    PromptAnswer::Server { server: server.into(), collection: collection.into(), keep }
}

#[test]
fn a_server_an_identity_and_a_password_make_a_connection_that_lives_in_memory() {
    let mut pocket = Pocket::new();
    pocket.begin();
    let (prompt, faults) = pocket.asked();
    assert_eq!(
        prompt,
        Prompt::EnterServer { server: String::new(), collection: "users".into(), keep: Keep::Memory },
        "memory, whatever the click said"
    );
    assert_eq!(faults, []);
    let dashboard = format!("{}/_/", pocket.server.origin());
    pocket.answer(to(&dashboard, "", Keep::Memory));
    let Prompt::EnterPassword { server, identity_fields, second: false, .. } = pocket.asked().0 else {
        panic!("{:?}", pocket.asked())
    };
    assert_eq!(server, pocket.server.origin());
    assert_eq!(identity_fields, ["email"]);
    pocket.with_password(PASSWORD);
    let connection = pocket.connection();
    assert_eq!(connection.account.name, "ada");
    assert_eq!(connection.account.key, format!("{server} _pb_users_auth_ {}", pocket.user));
    assert_eq!(connection.realm.unwrap().server, server);
    assert_eq!((connection.resting, connection.health.grant), (RestingPlace::Memory, GrantState::Connected));
    assert!(connection.renewal.renewable);
    pocket.world.restart();
    assert_eq!(pocket.world.overview().connections, []);
}

#[test]
fn whoever_wants_to_stay_signed_in_is_after_a_restart() {
    let mut pocket = Pocket::connected(Keep::Keychain);
    pocket.world.until_settled();
    assert_eq!(pocket.world.sets_in_keychain(), 1);
    pocket.world.restart();
    assert_eq!(pocket.check(), GrantState::Connected);
}

#[test]
fn what_is_wrong_with_an_address_is_said_at_its_field() {
    let pocket = Pocket::new();
    pocket.begin();
    let sandbox = pocket.world.sandbox.origin();
    let cases = [
        ("http://pb.example.com", "", PromptField::Server, "unprotected"),
        (sandbox.as_str(), "", PromptField::Server, "answers 404"),
        ("http://127.0.0.1:9", "", PromptField::Server, "cannot be reached"),
        (&pocket.server.origin(), "nobody", PromptField::Collection, "no such collection"),
        (&pocket.server.origin(), "no/body", PromptField::Collection, "letters"),
    ];
    for (server, collection, field, says) in cases {
        pocket.answer(to(server, collection, Keep::Memory));
        let fault = pocket.fault();
        assert_eq!(fault.field, Some(field), "{fault:?}");
        assert!(fault.message.contains(says), "{fault:?}");
    }
}

#[test]
fn a_wrong_password_is_said_at_its_field_and_the_right_one_still_works() {
    let pocket = Pocket::new();
    pocket.enter(Keep::Memory);
    pocket.with_password("wrong");
    assert_eq!(pocket.fault().field, Some(PromptField::Password));
    assert_eq!(pocket.fault().message, "Failed to authenticate.");
    pocket.answer(PromptAnswer::Password { identity: String::new(), password: "".into() });
    let fields: Vec<_> = pocket.asked().1.iter().map(|fault| fault.field.unwrap()).collect();
    assert_eq!(fields, [PromptField::Identity, PromptField::Password]);
    pocket.with_password(PASSWORD);
    assert_eq!(pocket.connection().health.grant, GrantState::Connected);
}

#[test]
fn a_mailed_code_signs_in_and_the_prompt_warns_that_it_may_replace_the_password() {
    let pocket = Pocket::with_codes();
    pocket.enter(Keep::Memory);
    let Prompt::ChooseMethod { methods, .. } = pocket.asked().0 else { panic!("{:?}", pocket.asked()) };
    assert_eq!(methods, [SignInMethod::Password, SignInMethod::OneTimeCode]);
    pocket.answer(PromptAnswer::Method { method: SignInMethod::OneTimeCode });
    let Prompt::EnterAddress { replaces: true, .. } = pocket.asked().0 else {
        panic!("{:?}", pocket.asked())
    };
    pocket.answer(PromptAnswer::Address { email: EMAIL.into() });
    let Prompt::EnterOneTimeCode { sent_to, expires_at, .. } = pocket.asked().0 else {
        panic!("{:?}", pocket.asked())
    };
    assert_eq!((sent_to.as_str(), expires_at), (EMAIL, crate::support::START.plus(180_000)));
    let mail = pocket.server.mail("code").unwrap();
    let (head, tail) = mail["code"].as_str().unwrap().split_at(4);
    pocket.answer(PromptAnswer::OneTimeCode { code: format!(" {head} {tail}").as_str().into() });
    assert_eq!(pocket.connection().health.grant, GrantState::Connected);
}

#[test]
fn after_five_wrong_codes_the_server_is_left_alone_for_three_minutes() {
    let pocket = Pocket::with_codes();
    pocket.enter(Keep::Memory);
    pocket.answer(PromptAnswer::Method { method: SignInMethod::OneTimeCode });
    pocket.answer(PromptAnswer::Address { email: EMAIL.into() });
    let code = pocket.server.mail("code").unwrap()["code"].as_str().unwrap().to_owned();
    let wrong = || PromptAnswer::OneTimeCode { code: "00000000".into() };
    for _ in 0..5 {
        pocket.answer(wrong());
        assert_eq!(pocket.fault().field, Some(PromptField::Code), "{:?}", pocket.fault());
        assert_eq!(pocket.fault().retry_at, None);
    }
    pocket.answer(wrong());
    let until = crate::support::START.plus(180_000);
    assert_eq!(pocket.fault().retry_at, Some(until), "{:?}", pocket.fault());
    pocket.world.clock.advance(179_000);
    pocket.answer(PromptAnswer::OneTimeCode { code: code.as_str().into() });
    assert_eq!(pocket.fault().message, "The server asks to wait 1 seconds.", "nothing was sent");
    assert_eq!(pocket.fault().retry_at, Some(until));
}

#[test]
fn a_limit_on_requests_is_kept_for_three_seconds() {
    let pocket = Pocket::new();
    let rules = json!([{"label": "*:auth", "maxRequests": 1, "duration": 3, "audience": ""}]);
    pocket.server.change_settings(&json!({"rateLimits": {"enabled": true, "rules": rules}})).unwrap();
    pocket.enter(Keep::Memory);
    pocket.with_password("wrong");
    pocket.with_password("wrong");
    assert_eq!(pocket.fault().retry_at, Some(crate::support::START.plus(3_000)), "{:?}", pocket.fault());
}

#[test]
fn two_methods_sign_in_in_either_order() {
    let pocket = Pocket::with_two();
    pocket.enter(Keep::Memory);
    pocket.answer(PromptAnswer::Method { method: SignInMethod::Password });
    pocket.with_password(PASSWORD);
    let Prompt::EnterAddress { second: true, email, replaces: false, .. } = pocket.asked().0 else {
        panic!("{:?}", pocket.asked())
    };
    assert_eq!(email.as_deref(), Some(EMAIL), "what is known is not asked for again");
    assert_eq!(pocket.world.overview().connections, [], "half a sign-in is none");
    pocket.with_code();
    assert_eq!(pocket.connection().health.grant, GrantState::Connected);
    let id = pocket.connection().id;
    pocket.world.disconnect(id);

    pocket.enter(Keep::Memory);
    pocket.answer(PromptAnswer::Method { method: SignInMethod::OneTimeCode });
    pocket.with_code();
    let Prompt::EnterPassword { second: true, .. } = pocket.asked().0 else { panic!("{:?}", pocket.asked()) };
    pocket.with_password(PASSWORD);
    assert_eq!(pocket.connection().health.grant, GrantState::Connected);
}

#[test]
fn half_a_sign_in_ends_when_its_first_method_does_not_count_any_more() {
    let pocket = Pocket::with_two();
    pocket.server.change_users(&json!({"mfa": {"enabled": true, "duration": 60}})).unwrap();
    pocket.enter(Keep::Memory);
    pocket.answer(PromptAnswer::Method { method: SignInMethod::Password });
    pocket.with_password(PASSWORD);
    assert_eq!(pocket.sign_in().unwrap().expires_at, crate::support::START.plus(60_000));
    pocket.world.advance_until("over", MINUTE, |overview| {
        let sign_in = overview.providers.iter().find_map(|provider| provider.sign_in.as_ref());
        sign_in.is_some_and(|sign_in| sign_in.stage == SignInStage::Ended { ending: SignInEnding::Expired })
    });
}

#[test]
fn a_method_that_was_switched_off_meanwhile_and_a_rule_that_is_not_met_are_told_apart() {
    let pocket = Pocket::with_codes();
    pocket.enter(Keep::Memory);
    pocket.answer(PromptAnswer::Method { method: SignInMethod::OneTimeCode });
    pocket.server.change_users(&json!({"otp": {"enabled": false}})).unwrap();
    pocket.answer(PromptAnswer::Address { email: EMAIL.into() });
    assert!(pocket.fault().message.contains("does not offer"), "{:?}", pocket.fault());
    pocket.server.change_users(&json!({"authRule": "name = 'grace'"})).unwrap();
    pocket.answer(PromptAnswer::Method { method: SignInMethod::Password });
    pocket.with_password(PASSWORD);
    assert!(pocket.fault().message.contains("rules"), "{:?}", pocket.fault());
}

#[test]
fn mails_for_another_password_and_for_proving_an_address_are_asked_for() {
    let pocket = Pocket::connected(Keep::Memory);
    let id = pocket.connection().id;
    pocket.world.run(pocket.world.engine().request_mail(id.clone(), AccountMail::Reset)).unwrap();
    assert_eq!(pocket.server.mail("reset").unwrap()["to"], EMAIL);
    pocket.server.change_user(&pocket.user, &json!({"verified": false})).unwrap();
    pocket.world.run(pocket.world.engine().request_mail(id, AccountMail::Verification)).unwrap();
    assert_eq!(pocket.server.mail("verification").unwrap()["to"], EMAIL);
}

#[test]
fn whoever_has_forgotten_the_password_gets_a_mail_from_the_prompt() {
    let pocket = Pocket::new();
    pocket.enter(Keep::Memory);
    pocket.answer(PromptAnswer::Forgotten { email: EMAIL.into() });
    let Prompt::EnterPassword { mail_sent_to, .. } = pocket.asked().0 else { panic!("{:?}", pocket.asked()) };
    assert_eq!(mail_sent_to.as_deref(), Some(EMAIL));
    assert_eq!(pocket.server.mail("reset").unwrap()["to"], EMAIL);
}

#[test]
fn another_service_signs_in_with_a_state_and_a_verifier_of_our_own() {
    let pocket = Pocket::new();
    pocket
        .world
        .settings(|settings| settings.consent = latchkey_sandbox::Consent::Agree { account: "ben".into() });
    let upstream = pocket.upstream();
    pocket.server.change_users(&upstream).unwrap();
    pocket.enter(Keep::Memory);
    let Prompt::ChooseMethod { methods, .. } = pocket.asked().0 else { panic!("{:?}", pocket.asked()) };
    let method = methods.into_iter().find(|one| matches!(one, SignInMethod::Upstream { .. })).unwrap();
    let id = pocket.sign_in().unwrap().id;
    let answered = pocket.world.engine().answer_prompt(id, PromptAnswer::Method { method });
    let url = pocket.world.run(answered).unwrap().unwrap();
    assert_eq!(pocket.sign_in().unwrap().stage, SignInStage::WaitingForBrowser);
    // The sandbox has no scope `openid`, which the server asks for.
    let mut asked = url.clone();
    let pairs: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| name != "scope").collect();
    asked.query_pairs_mut().clear().extend_pairs(pairs).append_pair("scope", "profile email");
    let redirect = pocket.world.browser(&asked);
    let page = pocket.world.visit(&redirect);
    pocket.world.until("connected", |overview| overview.connections.len() == 1);
    drop(page);
    assert_eq!(pocket.connection().health.grant, GrantState::Connected);
    let issued = pocket.world.sandbox.issued();
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    assert!(issued.states.contains(&state) && state.len() == 43, "the state is ours: {state}");
    assert!(issued.code_verifiers.iter().any(|verifier| verifier.len() == 43), "and so is the verifier");
}

impl Pocket {
    /// The sandbox as a service of the server.
    fn upstream(&self) -> serde_json::Value {
        let origin = self.world.sandbox.origin();
        json!({"oauth2": {"enabled": true, "providers": [{
            "name": "oidc", "clientId": "sandbox-confidential", "clientSecret": UPSTREAM_SECRET, "pkce": true,
            "displayName": "Sandbox", "authURL": format!("{origin}/authorize"),
            "tokenURL": format!("{origin}/token"), "userInfoURL": format!("{origin}/userinfo"),
        }]}})
    }
}
