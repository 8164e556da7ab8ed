//! Texts of others, made safe to show.
//!
//! What a provider says reaches a person's screen. It is cut, and stripped of what could move, hide or
//! reorder the text around it (Unicode UAX 9 controls), before it is stored anywhere.

use secrecy::{ExposeSecret, SecretString};

const LONGEST: usize = 200;

/// `text` without control and bidirectional characters, at most 200 characters; `None` when nothing is left.
pub(crate) fn displayable(text: &str) -> Option<String> {
    let clean: String = text.chars().filter(|c| !is_unsafe(*c)).take(LONGEST).collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.to_owned())
}

/// `text` without what was sent in confidence: some providers repeat it in an error.
pub(crate) fn without(text: &str, secrets: &[&SecretString]) -> String {
    let secrets = secrets.iter().map(|secret| secret.expose_secret()).filter(|secret| !secret.is_empty());
    secrets.fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_or_hides_text_is_removed() {
        assert_eq!(displayable("a\u{202e}b\n\tc\u{0}").as_deref(), Some("abc"));
        assert_eq!(displayable(" \u{200f} "), None);
        assert_eq!(displayable(&"é".repeat(500)).unwrap().chars().count(), 200);
        assert_eq!(displayable("<b>kept as text</b>").as_deref(), Some("<b>kept as text</b>"));
    }
}
