//! What the program was started with: nothing, or exactly one link. Everything else is ignored.
//!
//! On Linux and Windows a link arrives as an argument, so anybody can send one. There are no flags: a link
//! that some shell splits into several arguments must not become one.

use std::ffi::OsString;

use latchkey_engine::SCHEME;

/// The arguments of a start, told apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    /// None: a person starts the program.
    None,
    /// One, and it begins like a link of ours. Whether it is one the engine decides.
    Link(String),
    /// Anything else.
    Ignored,
}

impl Arguments {
    /// Reads the arguments, the program's name first.
    pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Self {
        let mut given = arguments.into_iter().skip(1);
        let (Some(first), second) = (given.next(), given.next()) else { return Self::None };
        match (first.into_string(), second) {
            (Ok(link), None) if is_link(&link) => Self::Link(link),
            (Ok(_) | Err(_), _) => Self::Ignored,
        }
    }
}

fn is_link(text: &str) -> bool {
    text.strip_prefix(SCHEME).is_some_and(|rest| rest.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Arguments {
        Arguments::read(
            std::iter::once("latchkey-desktop").chain(arguments.iter().copied()).map(OsString::from),
        )
    }

    #[test]
    fn one_link_is_a_link() {
        let link = "dev.latchkey.app:/oauth/spotify?code=C&state=T";
        assert_eq!(read(&[link]), Arguments::Link(link.into()));
        assert_eq!(read(&[]), Arguments::None);
    }

    #[test]
    fn dl_38_39_anything_else_is_ignored() {
        let link = "dev.latchkey.app:/oauth/spotify?code=C&state=T";
        for arguments in [
            &[link, "--remote-debugging-port=9222"][..],
            &["--something", link],
            &["--remote-debugging-port=9222"],
            &["--help"],
            &[""],
            &["dev.latchkey.appx:/oauth/x"],
            &["DEV.LATCHKEY.APP:/oauth/x"],
            &["https://example.com"],
            &["/etc/passwd"],
        ] {
            assert_eq!(read(arguments), Arguments::Ignored, "{arguments:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_argument_that_is_no_text_is_ignored() {
        use std::os::unix::ffi::OsStringExt as _;
        let arguments =
            [OsString::from("latchkey-desktop"), OsString::from_vec(b"dev.latchkey.app:\xff".to_vec())];
        assert_eq!(Arguments::read(arguments), Arguments::Ignored);
    }
}
