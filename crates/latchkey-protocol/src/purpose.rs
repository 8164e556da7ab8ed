//! What a person may let Latchkey do at a provider, in words.

use serde::{Deserialize, Serialize};

/// One purpose: allowed or left, as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct PurposeView {
    /// Its id in the provider file.
    pub id: String,
    /// What is allowed.
    pub words: String,
    /// At a provider: whether it is asked for where nobody has chosen. At a connection: whether it is granted.
    pub on: bool,
}
