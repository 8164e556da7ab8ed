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
    /// Among what people look for it.
    pub category: ProviderCategory,
    /// Who may use it.
    pub availability: ProviderAvailability,
    /// What has to be there before a sign-in, and is not there by itself. Empty: one click.
    pub needs: Vec<ProviderNeed>,
    /// What the person says before a sign-in.
    pub variables: Vec<VariableView>,
    /// Whether a client secret is saved or comes from the environment. Never what it is.
    pub secret_saved: bool,
}

/// Among what people look for a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ProviderCategory {
    /// Accounting, sales, payments.
    Business,
    /// Talking to people.
    Chat,
    /// Making software.
    Developer,
    /// Keeping files.
    Files,
    /// Playing.
    Games,
    /// Body and sport.
    Health,
    /// Saying who one is.
    Identity,
    /// Post.
    Mail,
    /// Places.
    Maps,
    /// Music, pictures, films.
    Media,
    /// Anything else.
    Other,
    /// Getting things done.
    Productivity,
    /// On a server of one's own.
    SelfHosted,
    /// Meeting people.
    Social,
}

/// Who may use a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ProviderAvailability {
    /// Who may register a client there.
    pub status: AvailabilityStatus,
    /// Why it cannot be connected to from here; absent where it can.
    pub reason: Option<String>,
}

/// Who may register a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum AvailabilityStatus {
    /// Anybody.
    Open,
    /// Whoever passes a review.
    Approval,
    /// Chosen partners.
    Limited,
    /// Nobody any more.
    Closed,
    /// The service is switched off.
    Sunset,
}

/// What has to be there before a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ProviderNeed {
    /// A client id of the person's own.
    ClientId,
    /// A client id of the person's own, and its secret.
    ClientIdAndSecret,
    /// A client id of the person's own, and its secret if it has one.
    ClientIdPerhapsSecret,
    /// Something that the person says, such as the address of a server.
    Variable,
    /// A server in between, which there is not.
    Broker,
}

/// Something that the person says before a sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct VariableView {
    /// Its name.
    pub name: String,
    /// What it is, in words.
    pub words: String,
    /// What stands where the person says nothing.
    pub default: Option<String>,
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
