//! A provider as others see it: what it is and what it needs before a first sign-in.

use serde::{Deserialize, Serialize};

use crate::{ProviderId, PurposeView, SignInView};

/// A service one can connect to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ProviderView {
    /// Its id.
    pub id: ProviderId,
    /// Its name.
    pub name: String,
    /// What connecting it is good for, in one sentence.
    pub summary: String,
    /// Scopes that are always asked for, in words where the provider file has words.
    pub asks: Vec<String>,
    /// What the person may allow or leave beyond that.
    pub purposes: Vec<PurposeView>,
    /// Where the client id comes from.
    pub client_id: ClientIdSource,
    /// What the person does to get a client id of their own.
    pub setup: Option<SetupView>,
    /// A first sign-in that is under way or has ended without success.
    pub sign_in: Option<SignInView>,
    /// Whether the provider exists only for trying things out.
    pub for_testing: bool,
}

/// Where the client id of a provider comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ClientIdSource {
    /// The provider file names one; nothing to set up.
    BuiltIn,
    /// The person saved one.
    Settings,
    /// An environment variable names one.
    Environment {
        /// Which.
        variable: String,
    },
    /// There is none: the person must bring one before signing in.
    Missing {
        /// The environment variable that may name one.
        variable: String,
    },
}

/// How the person gets a client id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SetupView {
    /// The steps, in order, each one sentence.
    pub steps: Vec<String>,
    /// The page where the provider registers applications.
    pub register_url: String,
    /// The redirect URI to register, to the letter.
    pub redirect_uri: String,
}
