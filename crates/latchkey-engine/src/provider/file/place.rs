//! Names in braces: what a URL of a file leaves open, and what may be put there.
//!
//! A value is typed by a person or named by a provider, and a token is sent to where it leads. So each name has
//! a pattern, each pattern one place in a URL where it may stand, and no value changes anything outside of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

/// Values by name, without the braces. In this order they are one text, which tells one server from another.
pub(crate) type Values = BTreeMap<String, String>;

/// Something that the person says before a sign-in, such as the address of a server.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Variable {
    /// What it is, in words a person understands.
    pub words: String,
    /// What stands where the person says nothing.
    pub default: Option<String>,
    /// What it may be.
    pub pattern: Pattern,
}

/// What a value may be, and where it may stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Pattern {
    /// `https://example.com`, at the beginning of a URL: `{server}/oauth/token`.
    Origin,
    /// `example.com`, in the place of a host: `https://{host}/token`.
    Host,
    /// Letters, digits and hyphens, before the rest of a host: `https://{shop}.example.com/token`.
    Label,
    /// Letters, digits and `.-_~`, in a path, a query, a header or a body.
    #[default]
    Segment,
    /// `https://id.example/tenant`, to the letter as the issuer writes it: `{issuer}` and nothing beside it.
    Issuer,
    /// `https://example.com/oauth/token?kind=1`, a whole URL: `{token_url}` and nothing beside it.
    Endpoint,
    /// Scopes with spaces between them, perhaps none: `{scopes}` among the scopes to ask for.
    Scopes,
}

/// What a discovery document names (RFC 8414 2), each in the place of a whole URL.
pub(crate) const DISCOVERED: [&str; 7] = [
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "revocation_endpoint",
    "registration_endpoint",
    "device_authorization_endpoint",
    "pushed_authorization_request_endpoint",
];

/// Something of an answer that is stored with the connection. Never a secret.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    /// The parameter of the redirect that it comes from.
    pub redirect: Option<String>,
    /// The JSON Pointer to it in the token answer.
    pub token: Option<String>,
    /// What it may be.
    #[serde(default)]
    pub pattern: Pattern,
    /// Domains to which an origin or a host has to belong.
    #[serde(default)]
    pub within: Vec<String>,
}

impl Kept {
    /// `value` in its one spelling, if it may be kept.
    pub(crate) fn admit(&self, value: &str) -> Option<String> {
        let value = self.pattern.admit(value)?;
        let host = match self.pattern {
            Pattern::Segment | Pattern::Label | Pattern::Scopes => return Some(value),
            Pattern::Origin | Pattern::Issuer | Pattern::Endpoint => {
                Url::parse(&value).ok()?.host_str()?.to_owned()
            }
            Pattern::Host => value.clone(),
        };
        let inside = |domain: &String| {
            host == *domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
        };
        self.within.iter().any(inside).then_some(value)
    }
}

impl Pattern {
    /// `value` in its one spelling; `None` where it is something else.
    pub(crate) fn admit(self, value: &str) -> Option<String> {
        let value = value.trim();
        match self {
            Self::Origin => origin(value),
            Self::Host => host(&value.to_ascii_lowercase()),
            Self::Label => {
                let value = value.to_ascii_lowercase();
                is_label(&value).then_some(value)
            }
            Self::Segment => {
                let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_~".contains(&byte);
                let good = (1..=200).contains(&value.len()) && value.bytes().all(fits);
                (good && value != "." && value != "..").then(|| value.to_owned())
            }
            Self::Issuer => {
                whole_url(value).filter(|url| url.query().is_none()).map(|url| spelled(&url, value))
            }
            Self::Endpoint => whole_url(value).map(String::from),
            Self::Scopes => scopes(value),
        }
    }

    /// What it is, for a person whose value is none.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Origin => "an address such as https://example.com, without a path",
            Self::Host => "a host name such as example.com",
            Self::Label => "a name of letters, digits and hyphens",
            Self::Segment => "a name of letters, digits and the characters . - _ ~",
            Self::Issuer => "an address such as https://id.example/tenant, without ? and #",
            Self::Endpoint => "a whole address such as https://example.com/oauth/token",
            Self::Scopes => "a list of scopes with spaces between them",
        }
    }

    /// A value that has the form, to try a URL with.
    pub(crate) fn sample(self) -> &'static str {
        match self {
            Self::Origin => "https://a.example",
            Self::Host => "a.example",
            Self::Label | Self::Segment | Self::Scopes => "a",
            Self::Issuer | Self::Endpoint => "https://a.example/a",
        }
    }

    /// Whether a name of this pattern may stand between these two parts of a URL.
    pub(crate) fn fits(self, before: &str, after: &str) -> bool {
        let path_or_end = after.is_empty() || after.starts_with(['/', '?']);
        let in_host = before == "https://";
        match self {
            Self::Origin => before.is_empty() && path_or_end,
            Self::Host => in_host && path_or_end,
            Self::Label => {
                let rest = after.split(['/', '?']).next().unwrap_or_default();
                in_host && rest.starts_with('.') && rest[1..].contains('.') && !rest.contains('{')
            }
            Self::Segment => before.strip_prefix("https://").unwrap_or(before).contains(['/', '?']),
            Self::Issuer | Self::Endpoint => before.is_empty() && after.is_empty(),
            // Among scopes, never in a URL.
            Self::Scopes => false,
        }
    }

    /// Whether it says to which host something is sent.
    pub(crate) fn leads(self) -> bool {
        match self {
            Self::Origin | Self::Host | Self::Issuer | Self::Endpoint => true,
            Self::Label | Self::Segment | Self::Scopes => false,
        }
    }
}

/// An https URL, or one of a loopback literal, to which a token may be sent. Braces would be taken for a name.
fn whole_url(value: &str) -> Option<Url> {
    let value = if value.contains("://") { value.to_owned() } else { format!("https://{value}") };
    let url = super::check_url(&value).ok().filter(has_plain_host)?;
    (url.as_str().len() <= 2000 && !url.as_str().contains(['{', '}'])).then_some(url)
}

/// A name with a dot at its end is another name to a certificate and the same to the network.
fn has_plain_host(url: &Url) -> bool {
    url.host_str().is_some_and(|host| !host.is_empty() && !host.ends_with('.'))
}

/// The slash that a URL without a path gets is no part of an issuer who leaves it out.
fn spelled(url: &Url, typed: &str) -> String {
    let bare = url.path() == "/" && !typed.ends_with('/');
    if bare { url.as_str().trim_end_matches('/').to_owned() } else { url.as_str().to_owned() }
}

/// Scopes as RFC 6749 3.3 has them, each once.
fn scopes(value: &str) -> Option<String> {
    let fits = |byte: u8| byte == b'!' || (b'#'..=b'[').contains(&byte) || (b']'..=b'~').contains(&byte);
    let plain = |word: &&str| word.bytes().all(fits) && !word.contains(['{', '}']);
    let words: Vec<_> = value.split_whitespace().collect();
    (value.len() <= 2000 && words.iter().all(plain)).then(|| words.join(" "))
}

/// An https origin, or one of a loopback literal, as a browser writes it.
fn origin(value: &str) -> Option<String> {
    let value = if value.contains("://") { value.to_owned() } else { format!("https://{value}") };
    let url = Url::parse(&value).ok()?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let nobody = url.username().is_empty() && url.password().is_none();
    let safe = super::check_url(&value).is_ok() && has_plain_host(&url);
    (bare && nobody && safe).then(|| url.origin().ascii_serialization())
}

fn host(value: &str) -> Option<String> {
    let (name, port) = value.split_once(':').map_or((value, None), |(name, port)| (name, Some(port)));
    let good_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let good = value.len() <= 253 && name.split('.').all(is_label) && good_port;
    good.then(|| value.to_owned())
}

fn is_label(label: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(fits)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// The names in braces of `template`, each with what stands before and after it.
pub(crate) fn names(template: &str) -> Vec<(&str, &str, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = template[from..].find('{').map(|at| from + at) {
        let rest = &template[open + 1..];
        let end = rest.find('}').unwrap_or(rest.len());
        let name = &rest[..end];
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        from = open + 1;
        if is_name && end < rest.len() {
            found.push((&template[..open], name, &rest[end + 1..]));
            from = open + 1 + end;
        }
    }
    found
}

/// `template` with every name that has a value replaced by what `written` makes of it.
pub(crate) fn fill(template: &str, values: &Values, written: impl Fn(&str) -> String) -> String {
    let fill = |text: String, (name, value): (&String, &String)| {
        text.replace(&format!("{{{name}}}"), &written(value))
    };
    values.iter().fold(template.to_owned(), fill)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_spelling_or_is_none() {
        let good = [
            (Pattern::Origin, "https://Social.Example/", "https://social.example"),
            (Pattern::Origin, "social.example", "https://social.example"),
            (Pattern::Origin, "https://a.example:8443", "https://a.example:8443"),
            (Pattern::Origin, "http://127.0.0.1:4100", "http://127.0.0.1:4100"),
            (Pattern::Host, " Login.Example ", "login.example"),
            (Pattern::Label, "My-Shop", "my-shop"),
            (Pattern::Segment, "me_1.x~", "me_1.x~"),
            (Pattern::Issuer, "id.example", "https://id.example"),
            (Pattern::Issuer, "https://ID.example/", "https://id.example/"),
            (Pattern::Issuer, "https://id.example:8443/Tenant", "https://id.example:8443/Tenant"),
            (Pattern::Issuer, "https://id.example:443/a/../b", "https://id.example/b"),
            (Pattern::Issuer, "https://bücher.example", "https://xn--bcher-kva.example"),
            (Pattern::Issuer, "http://127.0.0.1:4100", "http://127.0.0.1:4100"),
            (Pattern::Endpoint, "https://a.example/token?kind=1", "https://a.example/token?kind=1"),
            (Pattern::Endpoint, "http://[::1]:80/token", "http://[::1]/token"),
            (Pattern::Scopes, " read  user:email ", "read user:email"),
            (Pattern::Scopes, "", ""),
        ];
        for (pattern, typed, value) in good {
            assert_eq!(pattern.admit(typed).as_deref(), Some(value), "{typed}");
        }
        let bad = [
            (Pattern::Origin, "http://social.example"),
            (Pattern::Origin, "https://social.example/path"),
            (Pattern::Origin, "https://user@social.example"),
            (Pattern::Origin, "https://social.example?x"),
            (Pattern::Host, "evil.example/path"),
            (Pattern::Host, "evil.example#"),
            (Pattern::Host, "user@evil.example"),
            (Pattern::Host, "a..b"),
            (Pattern::Label, "evil.example"),
            (Pattern::Label, "a/b"),
            (Pattern::Segment, ".."),
            (Pattern::Segment, "a/b"),
            (Pattern::Segment, "a?b"),
            (Pattern::Segment, ""),
            (Pattern::Origin, "https://social.example."),
            (Pattern::Issuer, ""),
            (Pattern::Issuer, "http://id.example"),
            (Pattern::Issuer, "http://localhost:4100"),
            (Pattern::Issuer, "https://user@id.example"),
            (Pattern::Issuer, "https://:planted@id.example"),
            (Pattern::Issuer, "https://id.example?x"),
            (Pattern::Issuer, "https://id.example/#x"),
            (Pattern::Issuer, "https://id.example."),
            (Pattern::Issuer, "file:///etc/passwd"),
            (Pattern::Endpoint, "http://a.example/token"),
            (Pattern::Endpoint, "https://user:planted@a.example/token"),
            (Pattern::Endpoint, "https://a.example/token#x"),
            (Pattern::Endpoint, "https://a.example/token?x={client_id}"),
            (Pattern::Endpoint, "https://a.example./token"),
            (Pattern::Scopes, "read \"all\""),
            (Pattern::Scopes, "{client_id}"),
        ];
        for (pattern, typed) in bad {
            assert_eq!(pattern.admit(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_name_stands_only_where_its_pattern_may() {
        let fits = |pattern: Pattern, template: &str| {
            names(template).iter().all(|(before, _, after)| pattern.fits(before, after))
        };
        assert!(fits(Pattern::Origin, "{server}/token"));
        assert!(!fits(Pattern::Origin, "https://{server}/token"));
        assert!(!fits(Pattern::Origin, "{server}.example/token"));
        assert!(fits(Pattern::Host, "https://{host}/token"));
        assert!(!fits(Pattern::Host, "https://example.com/{host}"));
        assert!(!fits(Pattern::Host, "https://{host}.example/token"));
        assert!(fits(Pattern::Label, "https://{shop}.example.com/token"));
        assert!(!fits(Pattern::Label, "https://{shop}.com/token"));
        assert!(fits(Pattern::Segment, "https://example.com/{tenant}/token"));
        assert!(!fits(Pattern::Segment, "https://{tenant}.example.com/token"));
        for whole in [Pattern::Issuer, Pattern::Endpoint] {
            assert!(fits(whole, "{issuer}"));
            assert!(!fits(whole, "{issuer}/token"));
            assert!(!fits(whole, "https://a.example/{issuer}"));
        }
        assert!(!fits(Pattern::Scopes, "https://a.example/?scope={scopes}"));
    }

    #[test]
    fn what_a_provider_names_has_to_be_of_its_own_domain() {
        let kept = Kept {
            redirect: None,
            token: Some("/instance_url".into()),
            pattern: Pattern::Origin,
            within: vec!["example.com".into()],
        };
        assert_eq!(kept.admit("https://eu.example.com").as_deref(), Some("https://eu.example.com"));
        assert_eq!(kept.admit("https://evilexample.com"), None);
        assert_eq!(kept.admit("https://evil.example"), None);
    }
}
