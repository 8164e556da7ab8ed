//! What a person says of a connection: what it is called, and in which browser it signs in. No I/O.

use latchkey_protocol::BrowserId;

use crate::text::displayable;

/// Characters that an alias has at most.
pub(crate) const LONGEST_ALIAS: usize = 40;

/// What a person says of a connection. It is theirs: no provider and no refresh changes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Choices {
    /// What they call it.
    pub alias: Option<String>,
    /// In which browser it signs in; the standard one where they said nothing.
    pub browser: Option<BrowserId>,
}

/// An alias that does not fit on a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong;

/// What was typed, as an alias: safe to show, and none where nothing is left.
pub(crate) fn alias(typed: &str) -> Result<Option<String>, TooLong> {
    let alias = displayable(typed);
    let fits = |alias: &String| alias.chars().count() <= LONGEST_ALIAS;
    if alias.as_ref().is_none_or(fits) { Ok(alias) } else { Err(TooLong) }
}

/// Whether two aliases are one to whoever reads them in a hurry.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// How a connection is named where there may be several.
pub(crate) fn called(alias: Option<&str>, account: &str) -> String {
    alias.map_or_else(|| account.to_owned(), |alias| format!("{alias} ({account})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_short_and_safe_to_show() {
        assert_eq!(alias("  work \n"), Ok(Some("work".into())));
        assert_eq!(alias("wo\u{202e}rk\u{0}"), Ok(Some("work".into())));
        assert_eq!(alias(" \u{200f}\t "), Ok(None));
        assert_eq!(alias(&format!(" {} ", "é".repeat(40))), Ok(Some("é".repeat(40))));
        assert_eq!(alias(&"é".repeat(41)), Err(TooLong));
        assert_eq!(alias(&"é".repeat(5000)), Err(TooLong));
    }

    #[test]
    fn case_makes_no_second_alias() {
        assert!(is_same("Work", "wORK") && is_same("ÉCOLE", "école") && !is_same("work", "works"));
    }
}
