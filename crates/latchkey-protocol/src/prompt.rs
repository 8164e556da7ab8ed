//! What a sign-in asks of the person in the window. Whatever a provider wants to know, it is one of these, so that a
//! new provider needs no new form. Answers go the other way only and have no type here.

use serde::{Deserialize, Serialize};

use crate::{Keep, Timestamp};

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Prompt {
    /// Which server?
    EnterServer {
        /// What is known of it so far.
        server: String,
        /// The collection whose records sign in.
        collection: String,
        /// Where the sign-in is to be kept, unless the person says otherwise.
        keep: Keep,
    },
    /// In which of several ways?
    ChooseMethod {
        /// Who offers them.
        server: String,
        /// The ways, in the server's order.
        methods: Vec<SignInMethod>,
        /// Whether one has been passed and another one is asked for.
        second: bool,
    },
    /// An identity and what goes with it.
    EnterPassword {
        /// Who asks.
        server: String,
        /// By which fields the server finds an account, such as `email` and `username`.
        identity_fields: Vec<String>,
        /// What was typed before.
        identity: Option<String>,
        /// Whether one method has been passed and this is the other one.
        second: bool,
        /// The address to which a mail for choosing another one is on its way.
        mail_sent_to: Option<String>,
    },
    /// To which address is a one-time code to be sent?
    EnterAddress {
        /// Who asks.
        server: String,
        /// What was typed before.
        email: Option<String>,
        /// Whether one method has been passed and this is the other one.
        second: bool,
        /// Whether signing in with a code verifies an address that is not verified yet, and with that replaces
        /// what the account signed in with before.
        replaces: bool,
    },
    /// The one-time code.
    EnterOneTimeCode {
        /// Who asks.
        server: String,
        /// Where it was sent. The server does not say whether anybody has that address.
        sent_to: String,
        /// How many characters it has, where the server says so.
        length: Option<u8>,
        /// When it does not count any more.
        expires_at: Timestamp,
        /// Whether one method has been passed and this is the other one.
        second: bool,
        /// As in [`Prompt::EnterAddress`].
        replaces: bool,
    },
    /// A code to type on a page of the provider's, on this computer or another one (RFC 8628 3.3). It is shown and
    /// not asked for: the answer comes from the provider.
    EnterCode {
        /// What is typed there. It is no secret (RFC 8628 5.1).
        user_code: String,
        /// The page.
        verification_uri: String,
        /// The page with the code filled in, where the provider has one.
        verification_uri_complete: Option<String>,
        /// When it does not count any more.
        expires_at: Timestamp,
    },
}

/// A way to sign in that a server offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum SignInMethod {
    /// Something the person knows.
    Password,
    /// A code that is sent to the person.
    OneTimeCode,
    /// Another service, in the browser.
    Upstream {
        /// Its name at the server.
        id: String,
        /// Its name for people.
        name: String,
    },
}

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct PromptFault {
    /// At which field; absent where it is the whole.
    pub field: Option<PromptField>,
    /// What, and what to do.
    pub message: String,
    /// Not before this moment is an answer taken.
    pub retry_at: Option<Timestamp>,
}

/// A field of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum PromptField {
    /// The server.
    Server,
    /// The collection.
    Collection,
    /// By what the account is found.
    Identity,
    /// What goes with it.
    Password,
    /// The address for a code.
    Email,
    /// The code.
    Code,
}

/// A mail that a server sends to the account's own address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum AccountMail {
    /// For proving that the address is the person's.
    Verification,
    /// For choosing another way in.
    Reset,
}
