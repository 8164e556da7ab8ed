//! The browsers of this computer, among which a person chooses one for a connection.

use std::fmt;

use serde::{Deserialize, Serialize};

/// More than the name of any desktop entry is long: it is a file name.
const LONGEST: usize = 255;

/// Names a browser for as long as it is installed: on Linux its desktop entry, such as `firefox.desktop`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(type = "string"))]
#[serde(try_from = "String", into = "String")]
pub struct BrowserId(String);

/// Why a text names no browser: nothing, too much, or more than the name of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidBrowserId;

impl BrowserId {
    /// The name as the desktop knows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BrowserId {
    type Error = InvalidBrowserId;
    fn try_from(text: String) -> Result<Self, InvalidBrowserId> {
        let fits = (1..=LONGEST).contains(&text.len()) && !text.starts_with('.');
        let plain = !text.chars().any(|c| c.is_control() || c == '/' || c == '\\');
        if fits && plain { Ok(Self(text)) } else { Err(InvalidBrowserId) }
    }
}

impl From<BrowserId> for String {
    fn from(id: BrowserId) -> String {
        id.0
    }
}

impl fmt::Display for InvalidBrowserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name of a browser is that of one file, at most {LONGEST} bytes long")
    }
}

impl std::error::Error for InvalidBrowserId {}

/// A browser that is installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct BrowserView {
    /// How it is chosen.
    pub id: BrowserId,
    /// Its name for people.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_by_one_file_and_nothing_else() {
        for good in ["firefox.desktop", "Chrome Work.desktop", "org.mozilla.firefox", "Браузер.desktop"]
        {
            assert!(BrowserId::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "../evil.desktop", "/usr/bin/sh", ".hidden", "a\nb", "a\\b", &"a".repeat(256)] {
            assert!(serde_json::from_value::<BrowserId>(bad.into()).is_err(), "{bad}");
        }
    }
}
