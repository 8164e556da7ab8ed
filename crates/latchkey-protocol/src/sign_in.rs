//! A sign-in as others see it: an attempt with an end, never the material that proves it.

use serde::{Deserialize, Serialize};

use crate::{AccountView, ConnectionId, Problem, Prompt, PromptFault, ProviderId, SignInId, Timestamp};

/// One attempt to sign in, from the click to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SignInView {
    /// Its id.
    pub id: SignInId,
    /// At which provider.
    pub provider: ProviderId,
    /// Which connection it renews; absent when it adds an account.
    pub connection: Option<ConnectionId>,
    /// How far it is.
    pub stage: SignInStage,
    /// How the browser comes back.
    pub redirect: Redirect,
    /// Whether the provider would also take a code that is typed on another device.
    pub by_code: bool,
    /// Whether the browser chosen for it is not there any more, so that the standard one was opened.
    pub browser_missing: bool,
    /// When it began.
    pub started_at: Timestamp,
    /// When it is given up by itself.
    pub expires_at: Timestamp,
}

/// How far a sign-in is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SignInStage {
    /// The person is in the browser.
    WaitingForBrowser,
    /// The window asks the person something.
    Asking {
        /// What.
        prompt: Prompt,
        /// What is wrong with the answer before.
        faults: Vec<PromptFault>,
    },
    /// The browser came back; the provider is being asked.
    Finishing,
    /// It ended without a sign-in, and the card says why until it is dismissed.
    Ended {
        /// How.
        ending: SignInEnding,
    },
}

/// How a sign-in ended that did not succeed. Whatever was connected before still is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum SignInEnding {
    /// The person declined at the provider.
    Declined {
        /// What the provider said, made safe for display.
        provider_text: Option<String>,
    },
    /// Nobody came back in time.
    Expired,
    /// Another account came back than the one that was to be renewed.
    DifferentAccount {
        /// The account of the connection.
        expected: AccountView,
        /// The account that came back.
        found: AccountView,
    },
    /// Something failed.
    Failed {
        /// What, and what to do.
        problem: Problem,
    },
}

/// How the browser comes back to Latchkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Redirect {
    /// By a link of Latchkey's own scheme, which the operating system hands over (RFC 8252 7.1).
    DeepLink,
    /// By a request to a port of this computer, open for this sign-in only (RFC 8252 7.3).
    Loopback,
    /// Not at all: the person types a code on a page of the provider's, on any device (RFC 8628).
    DeviceCode,
}

/// Where the person wants the sign-in kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// In the operating system's keychain, until it is disconnected.
    Keychain,
    /// In memory, until Latchkey is closed.
    Memory,
}
