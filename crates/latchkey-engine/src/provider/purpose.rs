//! What a person lets Latchkey do, in their words, and the scopes that takes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// One purpose: allowed or left, as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Purpose {
    /// Lower-case letters, digits and hyphens.
    pub id: String,
    /// What is allowed, as a person reads it.
    pub words: String,
    /// The scopes it takes.
    pub scopes: Vec<String>,
    /// Whether it is asked for where nobody has chosen.
    #[serde(default)]
    pub default: bool,
}

/// What is wrong with the purposes of a file: the key, its value, and in words.
pub(crate) fn fault(purposes: &[Purpose]) -> Option<(&'static str, String, String)> {
    let mut known = BTreeSet::new();
    for Purpose { id, words, scopes, .. } in purposes {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let shown = id.escape_debug();
        if id.is_empty() || id.len() > 40 || !id.bytes().all(plain) {
            return Some(("id", id.clone(), format!("the purpose \"{shown}\" has no plain id")));
        }
        if !known.insert(id) {
            return Some(("id", id.clone(), format!("the purpose \"{shown}\" is there twice")));
        }
        if words.trim().is_empty() || scopes.is_empty() {
            return Some((
                "id",
                id.clone(),
                format!("the purpose \"{shown}\" says nothing or asks for nothing"),
            ));
        }
    }
    None
}
