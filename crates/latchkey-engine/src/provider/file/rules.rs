//! What makes a provider file wrong.

use std::collections::BTreeMap;

use url::Url;

use super::super::purpose;
use super::place::{self, DISCOVERED, Pattern};
use super::{Discovery, FileFault, Fit, Protocol, ProviderFile, SecretNeed, Status};

impl FileFault {
    fn new(text: &str, key: &str, value: &str, message: String, remedy: impl Into<String>) -> Self {
        Self { line: line_of(text, key, value), message, remedy: remedy.into() }
    }
}

pub(super) fn check(file: &ProviderFile, text: &str) -> Result<(), FileFault> {
    check_id(file, text)?;
    check_urls(file, text)?;
    check_kept(file, text)?;
    check_pointers(file, text)?;
    check_purposes(file, text)?;
    check_scopes(file, text)?;
    check_authorization(file, text)?;
    check_client(file, text)?;
    check_availability(file, text)
}

fn check_id(file: &ProviderFile, text: &str) -> Result<(), FileFault> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let good = (1..=40).contains(&file.id.len())
        && file.id.bytes().all(plain)
        && !file.id.starts_with('-')
        && !file.id.ends_with('-');
    if good {
        return Ok(());
    }
    let message = format!("the id \"{}\" cannot be part of a redirect URI", file.id.escape_debug());
    Err(FileFault::new(text, "id", &file.id, message, "Use 1 to 40 of a-z, 0-9 and inner hyphens."))
}

/// What each name in braces may be. The sandbox picks its port when it starts; its address stands in for its
/// name.
fn patterns(file: &ProviderFile) -> BTreeMap<&str, Pattern> {
    let variables = file.variables.iter().map(|(name, variable)| (name.as_str(), variable.pattern));
    let kept = file.keep.iter().map(|(name, kept)| (name.as_str(), kept.pattern));
    let ours = [("sandbox", Pattern::Origin), ("client_id", Pattern::Segment)];
    // Asked while signing in, and part of the account from there on.
    let asked = [("server", Pattern::Origin), ("collection", Pattern::Segment)];
    let asked = asked.into_iter().filter(|_| file.protocol == Protocol::Pocketbase);
    let discovers = file.discovery() == Discovery::Endpoints;
    let discovered = DISCOVERED.into_iter().filter(|_| discovers).map(|name| (name, Pattern::Endpoint));
    ours.into_iter().chain(discovered).chain(asked).chain(variables).chain(kept).collect()
}

/// URLs for a person, which may lead to a place on a page.
const PAGES: [&str; 4] = ["manage_url", "register_url", "website", "docs_url"];

fn check_urls(file: &ProviderFile, text: &str) -> Result<(), FileFault> {
    let patterns = patterns(file);
    for (key, url) in file.urls() {
        let mut tried = url.clone();
        for (before, name, after) in place::names(url) {
            let fits = patterns.get(name).is_some_and(|pattern| pattern.fits(before, after));
            if !fits {
                let message = match patterns.get(name) {
                    None => format!("nothing says what {{{name}}} is"),
                    Some(_) => format!("{{{name}}} may not stand there, by its pattern"),
                };
                let remedy = "Declare the name under [variables] or [keep], with the pattern of its place.";
                return Err(FileFault::new(text, key, url, message, remedy));
            }
            let sample = patterns.get(name).map_or("", |pattern| pattern.sample());
            tried = tried.replace(&format!("{{{name}}}"), sample);
        }
        if PAGES.contains(&key) {
            tried.truncate(tried.find('#').unwrap_or(tried.len()));
        }
        check_url(&tried).map_err(|why| {
            let remedy = "Use an https URL; http is allowed for 127.0.0.1 and [::1] only.";
            FileFault::new(text, key, url, format!("{key} = \"{}\": {why}", url.escape_debug()), remedy)
        })?;
    }
    Ok(())
}

/// Whether a secret may be sent to `url`: https, or http to a loopback literal, which never leaves the
/// computer (RFC 6749 3.1.2.1, RFC 8252 8.3).
pub(crate) fn check_url(url: &str) -> Result<Url, &'static str> {
    let url = Url::parse(url).map_err(|_| "this is not a URL")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL must not carry a user name or password");
    }
    if url.fragment().is_some() {
        return Err("an endpoint has no fragment");
    }
    let loopback = matches!(url.host(), Some(url::Host::Ipv4(ip)) if ip.is_loopback())
        || matches!(url.host(), Some(url::Host::Ipv6(ip)) if ip.is_loopback());
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        _ => Err("a sign-in would travel unprotected"),
    }
}

/// Whatever an answer names is the provider's word, or that of somebody who forged a redirect. No token goes to
/// a host that only such a word leads to.
fn check_kept(file: &ProviderFile, text: &str) -> Result<(), FileFault> {
    for (name, kept) in &file.keep {
        let ours = ["client_id", "sandbox"].contains(&name.as_str()) || DISCOVERED.contains(&name.as_str());
        if file.variables.contains_key(name) || ours {
            let message = format!("{name} has two meanings");
            return Err(FileFault::new(text, name, "", message, "Choose another name under [keep]."));
        }
        if kept.redirect.is_some() == kept.token.is_some() {
            let message = format!("{name} comes from nowhere, or from two places");
            return Err(FileFault::new(text, name, "", message, "Give it either redirect or token."));
        }
        if kept.pattern.leads() && kept.within.is_empty() {
            let message = format!("{name} could lead a token anywhere");
            let remedy = "List the provider's own domains: within = [\"example.com\"].";
            return Err(FileFault::new(text, name, "", message, remedy));
        }
        let used = |url: &str| place::names(url).iter().any(|(_, known, _)| known == name);
        if used(&file.authorization.url) || used(&file.token.url) {
            let message = format!("{{{name}}} is not known before the first answer");
            return Err(FileFault::new(text, "url", &format!("{{{name}}}"), message, "Use a variable."));
        }
    }
    Ok(())
}

fn check_pointers(file: &ProviderFile, text: &str) -> Result<(), FileFault> {
    let (identity, token) = (&file.identity, &file.token);
    let lists = [("key", &identity.key), ("name", &identity.name), ("picture", &identity.picture)];
    let lists = lists.into_iter().flat_map(|(key, list)| list.iter().map(move |pointer| (key, pointer)));
    let single = [
        ("error_pointer", &identity.error_pointer),
        ("pointer", &token.pointer),
        ("error_pointer", &token.error_pointer),
        ("expires_in_pointer", &token.expires_in_pointer),
        ("expires_at_pointer", &token.expires_at_pointer),
    ];
    let single = single.into_iter().filter_map(|(key, pointer)| Some((key, pointer.as_ref()?)));
    let kept = file.keep.values().filter_map(|kept| Some(("token", kept.token.as_ref()?)));
    let mut all = lists.chain(single).chain(kept);
    if let Some((key, bad)) = all.find(|(_, pointer)| !pointer.starts_with('/')) {
        let message = format!("\"{}\" in {key} is no JSON Pointer", bad.escape_debug());
        return Err(FileFault::new(text, key, bad, message, "A pointer begins with a slash: \"/id\"."));
    }
    if identity.key.is_empty() {
        let message = "without a key no account can be told from another".to_owned();
        let remedy = "Name the field that holds the immutable account id.";
        return Err(FileFault::new(text, "key", "", message, remedy));
    }
    Ok(())
}

/// A name in braces among the scopes is a variable for scopes.
fn check_scopes(file: &ProviderFile, text: &str) -> Result<(), FileFault> {
    let patterns = patterns(file);
    let wrong = |scope: &&String| {
        let names = place::names(scope);
        let alone = names.len() == 1 && names[0].0.is_empty() && names[0].2.is_empty();
        let is_scopes = |name| patterns.get(name) == Some(&Pattern::Scopes);
        !(names.is_empty() || alone && is_scopes(names[0].1))
    };
    file.authorization.scopes.iter().find(wrong).map_or(Ok(()), |scope| {
        let message = format!("nothing says what {} is", scope.escape_debug());
        let remedy = "Declare it under [variables] with pattern = \"scopes\", and let it stand alone.";
        Err(FileFault::new(text, "scopes", scope, message, remedy))
    })
}

fn check_purposes(file: &ProviderFile, text: &str) -> Result<(), FileFault> {
    purpose::fault(&file.purposes).map_or(Ok(()), |(key, value, message)| {
        let remedy = "Give each purpose an id of its own, words, and at least one scope.";
        Err(FileFault::new(text, key, &value, message, remedy))
    })
}

/// Parameters that belong to the protocol, not to a file.
const RESERVED: [&str; 11] = [
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "redirect_uri",
    "request",
    "request_uri",
    "response_type",
    "scope",
    "state",
];

fn check_authorization(file: &ProviderFile, text: &str) -> Result<(), FileFault> {
    let authorization = &file.authorization;
    if authorization.redirects.is_empty() && file.availability.reason.is_none() {
        let message = "there is no way back from the browser".to_owned();
        let remedy = "List \"deep-link\", \"loopback\" or both.";
        return Err(FileFault::new(text, "redirects", "", message, remedy));
    }
    let ours = |name: &str| {
        let renamed =
            [&authorization.scope_parameter, &file.client.id_parameter, &file.client.secret_parameter];
        RESERVED.contains(&name) || renamed.iter().any(|parameter| *parameter == name)
    };
    if let Some(name) = authorization.parameters.keys().find(|name| ours(name)) {
        let message = format!("the parameter {name} is set by Latchkey itself");
        let remedy = format!("Remove {name} from [authorization.parameters].");
        return Err(FileFault::new(text, name, "", message, remedy));
    }
    let token = |name: &str| ["code", "code_verifier", "grant_type", "refresh_token"].contains(&name);
    if let Some(name) = file.token.parameters.keys().find(|name| ours(name) || token(name)) {
        let message = format!("the parameter {name} is set by Latchkey itself");
        let remedy = format!("Remove {name} from [token.parameters].");
        return Err(FileFault::new(text, name, "", message, remedy));
    }
    if authorization.issuer_in_answer && authorization.issuer.is_none() {
        let message = "issuer_in_answer needs an issuer to compare with".to_owned();
        return Err(FileFault::new(text, "issuer_in_answer", "", message, "Add issuer = \"https://…\"."));
    }
    check_discovery(file, text)
}

fn check_discovery(file: &ProviderFile, text: &str) -> Result<(), FileFault> {
    let authorization = &file.authorization;
    let openid = authorization.issuer.is_some() && authorization.scopes.iter().any(|scope| scope == "openid");
    if matches!(authorization.discovery, Some(Discovery::Keys | Discovery::Endpoints)) && !openid {
        let message = "discovery needs an issuer, and the scope openid".to_owned();
        let remedy = "Add issuer = \"https://…\" and the scope \"openid\".";
        return Err(FileFault::new(text, "discovery", "", message, remedy));
    }
    if authorization.par_required && authorization.par_url.is_none() {
        let message = "par_required needs a place to push to".to_owned();
        return Err(FileFault::new(text, "par_required", "", message, "Add par_url = \"https://…\"."));
    }
    Ok(())
}

fn check_client(file: &ProviderFile, text: &str) -> Result<(), FileFault> {
    let client = &file.client;
    let bare = client.authentication.iter().all(|way| *way == super::ClientAuthentication::None);
    let contradicts = match client.secret {
        // Without a secret, "basic" means an empty one.
        SecretNeed::None => client.authentication.contains(&super::ClientAuthentication::Post),
        SecretNeed::Optional => false,
        SecretNeed::Required => bare && !client.authentication.is_empty(),
    };
    if contradicts {
        let message = "secret and authentication contradict each other".to_owned();
        let remedy = "Without a secret no \"post\"; with one \"basic\" or \"post\".";
        return Err(FileFault::new(text, "authentication", "", message, remedy));
    }
    if file.validation.as_ref().is_some_and(|validation| validation.every_seconds < 60) {
        let message = "a validation more often than once a minute is an attack".to_owned();
        return Err(FileFault::new(text, "every_seconds", "", message, "Use the time the provider names."));
    }
    Ok(())
}

fn check_availability(file: &ProviderFile, text: &str) -> Result<(), FileFault> {
    let availability = &file.availability;
    let out_of_reach = matches!(availability.fit, Fit::Broker | Fit::Restricted)
        || matches!(availability.status, Status::Closed | Status::Sunset)
        || file.protocol == Protocol::Oauth1;
    if out_of_reach && availability.reason.is_none() {
        let message = "it cannot be connected to, and nothing says why".to_owned();
        return Err(FileFault::new(text, "fit", "", message, "Add reason = \"…\" to [availability]."));
    }
    Ok(())
}

/// The line where `key` is given a value in which `value` occurs.
fn line_of(text: &str, key: &str, value: &str) -> Option<usize> {
    let gives = |line: &str| {
        let rest = line.trim_start().strip_prefix(key)?.trim_start().strip_prefix('=')?;
        rest.contains(value).then_some(())
    };
    text.lines().position(|line| gives(line).is_some()).map(|index| index + 1)
}
