//! What has been learnt so far in a sign-in that is led in the window, question by question. It lives in memory and
//! ends with the sign-in.

use latchkey_protocol::{Keep, Prompt, SignInMethod, Timestamp};
use secrecy::SecretString;

use crate::clock::Boot;
use crate::pocketbase::{Methods, Realm, USERS};

/// How long a one-time code counts where the server does not say, in seconds.
const CODE_LIFE_S: i64 = 180;

/// A sign-in that is led in the window.
#[derive(Clone)]
pub(crate) struct Talk {
    /// Where it is to be kept. Memory, unless the person says otherwise.
    pub(crate) keep: Keep,
    /// Where the records are, once that is known and answers.
    pub(crate) realm: Option<Realm>,
    /// What the collection offers.
    pub(crate) methods: Methods,
    /// What the person called themselves.
    pub(crate) identity: Option<String>,
    /// The method that was passed, where two are asked for.
    pub(crate) first: Option<First>,
    /// The code that is on its way.
    pub(crate) mailed: Option<Mailed>,
    /// The service in whose hands the browser is.
    pub(crate) upstream: Option<String>,
    /// The server asked to be left alone until then.
    pub(crate) not_before: Option<Boot>,
}

/// Half a sign-in.
#[derive(Clone)]
pub(crate) struct First {
    pub(crate) mfa_id: SecretString,
    pub(crate) method: SignInMethod,
}

/// A code on its way.
#[derive(Clone)]
pub(crate) struct Mailed {
    pub(crate) otp_id: String,
    pub(crate) sent_to: String,
    pub(crate) expires_at: Timestamp,
}

impl Talk {
    pub(crate) fn new(keep: Keep) -> Self {
        Self {
            keep,
            realm: None,
            methods: Methods::default(),
            identity: None,
            first: None,
            mailed: None,
            upstream: None,
            not_before: None,
        }
    }

    /// The server and the collection, as they were understood.
    pub(crate) fn ask_server(&self, typed: Option<(&str, &str)>) -> Prompt {
        let known = self.realm.as_ref().map(|realm| (realm.server(), realm.collection.as_str()));
        let (server, collection) = typed.or(known).unwrap_or(("", USERS));
        Prompt::EnterServer { server: server.to_owned(), collection: collection.to_owned(), keep: self.keep }
    }

    /// The ways that are open: with one of two passed, every other one.
    pub(crate) fn open_methods(&self) -> Vec<SignInMethod> {
        let password = self.methods.password.enabled.then_some(SignInMethod::Password);
        let code = self.methods.otp.enabled.then_some(SignInMethod::OneTimeCode);
        let upstreams = self
            .methods
            .upstreams()
            .iter()
            .map(|upstream| SignInMethod::Upstream { id: upstream.name.clone(), name: upstream.shown() });
        let passed = self.first.as_ref().map(|first| &first.method);
        let open = |method: &SignInMethod| match (passed, method) {
            // For the server all services are one method.
            (Some(SignInMethod::Upstream { .. }), SignInMethod::Upstream { .. }) => false,
            (Some(passed), method) => passed != method,
            (None, _) => true,
        };
        password.into_iter().chain(code).chain(upstreams).filter(open).collect()
    }

    /// Which of the ways; where only one is open, the question of that one.
    pub(crate) fn ask_method(&self) -> Prompt {
        let methods = self.open_methods();
        match methods.as_slice() {
            [SignInMethod::Password] => self.ask_password(None),
            [SignInMethod::OneTimeCode] => self.ask_address(),
            [SignInMethod::Upstream { .. }] | [..] => {
                Prompt::ChooseMethod { server: self.server(), methods, second: self.is_second() }
            }
        }
    }

    pub(crate) fn ask_password(&self, mail_sent_to: Option<String>) -> Prompt {
        Prompt::EnterPassword {
            server: self.server(),
            identity_fields: self.methods.password.identity_fields.clone(),
            identity: self.identity.clone(),
            second: self.is_second(),
            mail_sent_to,
        }
    }

    pub(crate) fn ask_address(&self) -> Prompt {
        Prompt::EnterAddress {
            server: self.server(),
            email: self.identity.clone().filter(|identity| identity.contains('@')),
            second: self.is_second(),
            replaces: self.code_replaces(),
        }
    }

    /// Asks for the code that is on its way; for an address where none is.
    pub(crate) fn ask_code(&self) -> Prompt {
        let Some(mailed) = &self.mailed else { return self.ask_address() };
        Prompt::EnterOneTimeCode {
            server: self.server(),
            sent_to: mailed.sent_to.clone(),
            length: None,
            expires_at: mailed.expires_at,
            second: self.is_second(),
            replaces: self.code_replaces(),
        }
    }

    /// Milliseconds for which a code counts.
    pub(crate) fn code_life_ms(&self) -> i64 {
        let life = self.methods.otp.duration;
        1000 * if life > 0 { life } else { CODE_LIFE_S }
    }

    fn is_second(&self) -> bool {
        self.first.is_some()
    }

    /// A code proves the address, and what was chosen before by somebody who had not proved it does not count any
    /// more; with a second method the server leaves it alone.
    fn code_replaces(&self) -> bool {
        self.methods.password.enabled && !self.methods.mfa.enabled
    }

    fn server(&self) -> String {
        self.realm.as_ref().map(|realm| realm.server().to_owned()).unwrap_or_default()
    }
}
