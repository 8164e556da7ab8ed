//! Where a secret may not be: in a type that leaves the engine, and in anything that can be written out.

use crate::repository::{Fault, Source};
use crate::rust;

/// Words that no name of the protocol contains.
const WORDS: [&str; 4] = ["token", "secret", "verifier", "password"];

/// Names that say something about secrets and can hold none: enum variants without a field, and a flag.
const ONLY_WORDS: [&str; 5] =
    ["TokensRefused", "ClientIdAndSecret", "ClientIdPerhapsSecret", "secret_saved", "Password"];

/// A question whose answer has no type in the protocol.
const QUESTIONS: [&str; 1] = ["EnterPassword"];

/// Types of the engine that hold secrets. Their written form goes straight into an envelope and has another
/// name.
const SECRETS: [&str; 13] = [
    "TokenSet",
    "RegisteredClient",
    "ClientSecret",
    "PendingSignIn",
    "Redeemed",
    "Granted",
    "AuthorizationRequest",
    "AuthorizationResponse",
    "Answer",
    "LiveSignIn",
    "PromptAnswer",
    "Session",
    "Talk",
];

/// Names in the protocol that could hold a secret. Comments and texts are free.
pub(crate) fn in_protocol(file: &Source) -> Vec<Fault> {
    let code = rust::product_code(&file.text);
    let named = rust::identifiers(&code).filter(|(_, name)| {
        let lower = name.to_lowercase();
        WORDS.iter().any(|word| lower.contains(word)) && !QUESTIONS.contains(name)
    });
    let bare = |(at, name): &(usize, &str)| {
        let rest = code[at + name.len()..].trim_start();
        let bare = rest.is_empty() || rest.starts_with([',', '}', '=', ')', '|']);
        ONLY_WORDS.contains(name) && (bare || rest.starts_with(": bool"))
    };
    let named = named.filter(|found| !bare(found));
    let fault = |(at, name): (usize, &str)| Fault {
        path: file.path.clone(),
        line: rust::line(&code, at),
        what: format!("`{name}` could hold a secret"),
        rule: "nothing that leaves the engine is named or typed token, secret, verifier or password",
        remedy: "Keep the value in the engine and let the type say what others need to know of it."
            .to_owned(),
    };
    named.map(fault).collect()
}

/// Types with a secret inside that can be serialized.
pub(crate) fn in_engine(file: &Source) -> Vec<Fault> {
    let code = rust::product_code(&file.text);
    let derived = code.match_indices("#[derive(").filter_map(|(at, _)| {
        let end = at + code[at..].find(")]")?;
        let item = &code[end..end + rust::item_length(&code[end..])];
        let derives = rust::identifiers(&code[at..end]).any(|(_, name)| name == "Serialize");
        let secret = holds_secret(item)?;
        derives.then_some((at, secret))
    });
    let written = code.match_indices("Serialize for ").filter_map(|(at, mark)| {
        let name = rust::first_identifier(&code[at + mark.len()..]);
        SECRETS.contains(&name).then_some((at, name))
    });
    let fault = |(at, name): (usize, &str)| Fault {
        path: file.path.clone(),
        line: rust::line(&code, at),
        what: format!("`{name}` can be serialized"),
        rule: "what holds a secret has no Serialize",
        remedy: "Write it with `to_bytes`, from a private type, straight into an envelope.".to_owned(),
    };
    derived.chain(written).map(fault).collect()
}

/// The name in an item by which it holds a secret: its own, or that of what is inside.
fn holds_secret(item: &str) -> Option<&str> {
    let mut names = rust::identifiers(item).map(|(_, name)| name);
    names.find(|name| SECRETS.contains(name) || *name == "SecretString" || *name == "WrappingKey")
}

/// Names of the list above that the engine does not know any more.
pub(crate) fn unknown(files: &[&Source]) -> Vec<Fault> {
    let declared = |name: &str| {
        let forms = [format!("struct {name} "), format!("enum {name} ")];
        files.iter().any(|file| forms.iter().any(|form| file.text.contains(form)))
    };
    let gone = SECRETS.iter().filter(|name| !declared(name));
    let fault = |name: &&str| Fault {
        path: "tests/architecture/secrets.rs".to_owned(),
        line: 1,
        what: format!("`{name}` is no type of the engine"),
        rule: "the list of types that hold secrets is true",
        remedy: "Bring SECRETS up to date.".to_owned(),
    };
    gone.map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source { path: "x.rs".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_name_for_a_secret_is_noticed_in_the_protocol() {
        for text in [
            "pub struct A { pub access_token: String }",
            "pub struct A { pub b: SecretString }",
            "pub enum B { Password { text: String } }",
        ] {
            assert_eq!(in_protocol(&source(text)).len(), 1, "{text}");
        }
        assert_eq!(in_protocol(&source("/// A token.\npub struct A { pub b: String } // \"secret\"")), []);
    }

    #[test]
    fn a_secret_that_can_be_written_out_is_noticed() {
        for text in [
            "#[derive(Clone, Serialize)]\npub(crate) struct TokenSet { a: u8 }",
            "#[derive(serde::Serialize)]\nstruct New { inner: Option<TokenSet> }",
            "#[derive(Serialize)]\nstruct New(SecretString);",
            "impl serde::Serialize for TokenSet {}",
        ] {
            assert_eq!(in_engine(&source(text)).len(), 1, "{text}");
        }
        assert_eq!(
            in_engine(&source("#[derive(Serialize)]\nstruct W { a: u8 }\nstruct TokenSet { a: u8 }")),
            []
        );
    }
}
