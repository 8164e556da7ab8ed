//! An entry of the catalogue, read as plain TOML: how the sandbox has to behave to be it, and its file with the
//! sandbox in the provider's place.

use std::fs;
use std::path::Path;

use latchkey_sandbox::{OddAuthentication, OddChallenge, OddIdentity, OddPresentation, OddSettings};
use serde_json::json;
use toml::{Table, Value};

pub(crate) struct Entry {
    pub(crate) id: String,
    file: Table,
}

/// The endpoints of a file, and the path of the sandbox that plays each.
const ENDPOINTS: [(&str, &str, &str); 4] = [
    ("authorization", "url", "/odd/authorize"),
    ("token", "url", "/odd/token"),
    ("token", "refresh_url", "/odd/refresh"),
    ("identity", "url", "/odd/identity"),
];

/// Everything in `providers/`, by id.
pub(crate) fn entries() -> Vec<Entry> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../providers");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let mut entries: Vec<_> = files.map(|path| Entry::read(&fs::read_to_string(path).unwrap())).collect();
    entries.sort_by(|one, other| one.id.cmp(&other.id));
    entries
}

impl Entry {
    fn read(text: &str) -> Self {
        let file: Table = text.parse().unwrap();
        Self { id: file["id"].as_str().unwrap().to_owned(), file }
    }

    fn at(&self, section: &str, key: &str) -> Option<&Value> {
        self.file.get(section)?.get(key)
    }

    fn text(&self, section: &str, key: &str) -> Option<&str> {
        self.at(section, key)?.as_str()
    }

    /// Whether a sign-in goes through the browser to endpoints that the entry names. What finds its endpoints at run
    /// time, or is led in the window, has tests of its own.
    pub(crate) fn can_be_walked(&self) -> bool {
        let led = matches!(self.file.get("protocol").and_then(Value::as_str), Some("pocketbase" | "oauth1"));
        let reason = self.at("availability", "reason").is_some();
        let testing = self.file.contains_key("for_testing");
        let variables = self.file.get("variables").and_then(Value::as_table);
        let mut patterns =
            variables.into_iter().flat_map(Table::values).filter_map(|one| one.get("pattern")?.as_str());
        let open = patterns.any(|pattern| ["issuer", "endpoint", "scopes"].contains(&pattern));
        !led && !reason && !testing && !open
    }

    pub(crate) fn takes_a_secret(&self) -> bool {
        let way = self.at("client", "authentication").and_then(Value::as_array).map(Vec::as_slice);
        let bare = way.is_some_and(|ways| ways.iter().all(|way| way.as_str() == Some("none")));
        self.text("client", "secret").is_some_and(|need| need != "none") && !bare
    }

    /// How the sandbox has to behave to be this provider, with nothing else taken.
    pub(crate) fn habits(&self) -> OddSettings {
        let name = |section, key, standard: &str| self.text(section, key).unwrap_or(standard).to_owned();
        let nested = self.text("token", "pointer").map(|pointer| pointer.trim_start_matches('/').to_owned());
        OddSettings {
            client_id_parameter: name("client", "id_parameter", "client_id"),
            client_secret_parameter: name("client", "secret_parameter", "client_secret"),
            scope_parameter: name("authorization", "scope_parameter", "scope"),
            scopes: Some(self.scopes()),
            challenge: self.challenge(),
            authentication: self.authentication(),
            json_body: self.text("token", "body") == Some("json"),
            token_parameters: self.token_parameters(),
            token_member: nested,
            redirect_extra: self.kept("redirect"),
            answer_extra: self.answer_extra(),
            identity: self.identity(),
            presentation: self.presentation(),
            ..OddSettings::default()
        }
    }

    fn scopes(&self) -> String {
        let always = self.at("authorization", "scopes").and_then(Value::as_array).cloned();
        let purposes = self.file.get("purposes").and_then(Value::as_array).cloned().unwrap_or_default();
        let default = |purpose: &Value| purpose.get("default").and_then(Value::as_bool) == Some(true);
        let chosen = purposes.into_iter().filter(default);
        let chosen = chosen.flat_map(|purpose| purpose["scopes"].as_array().cloned().unwrap());
        let all: Vec<_> = always.unwrap_or_default().into_iter().chain(chosen).collect();
        let all: Vec<_> = all.iter().filter_map(Value::as_str).collect();
        all.join(self.text("authorization", "scope_separator").unwrap_or(" "))
    }

    fn challenge(&self) -> OddChallenge {
        match (self.text("authorization", "pkce"), self.text("authorization", "challenge")) {
            (Some("unsupported"), _) => OddChallenge::Refused,
            (_, Some("plain")) => OddChallenge::Plain,
            (_, Some("s256-hex")) => OddChallenge::S256Hex,
            (_, _) => OddChallenge::S256,
        }
    }

    fn authentication(&self) -> OddAuthentication {
        let ways = self.at("client", "authentication").and_then(Value::as_array);
        let ways: Vec<_> = ways.into_iter().flatten().filter_map(Value::as_str).collect();
        let secret = self.takes_a_secret();
        let fits = |way: &&&str| if secret { **way != "none" } else { **way != "post" };
        match ways.iter().find(fits) {
            Some(&"basic") => OddAuthentication::Basic,
            Some(&"post") => OddAuthentication::Post,
            _ if secret => OddAuthentication::Post,
            _ => OddAuthentication::None,
        }
    }

    fn token_parameters(&self) -> std::collections::BTreeMap<String, String> {
        let table = self.at("token", "parameters").and_then(Value::as_table).cloned().unwrap_or_default();
        table.into_iter().map(|(name, value)| (name, value.as_str().unwrap().to_owned())).collect()
    }

    /// What is kept of the redirect or of the token answer, by the name it has there, each with a value that is one.
    fn kept(&self, from: &str) -> std::collections::BTreeMap<String, String> {
        let kept = self.file.get("keep").and_then(Value::as_table).cloned().unwrap_or_default();
        let named = kept.values().filter_map(|kept| {
            let name = kept.get(from)?.as_str()?.to_owned();
            let within = kept.get("within").and_then(Value::as_array);
            let value = within.map_or_else(
                || "kept-1".to_owned(),
                |domains| format!("https://x.{}", domains[0].as_str().unwrap()),
            );
            Some((name, value))
        });
        named.collect()
    }

    fn answer_extra(&self) -> std::collections::BTreeMap<String, serde_json::Value> {
        let mut extra = json!({});
        for (pointer, value) in self.kept("token") {
            put(&mut extra, &pointer, value.into());
        }
        if self.text("identity", "url").is_none() {
            for (field, value) in [("name", "Ada Lovelace"), ("key", "ada")] {
                for pointer in self.pointers(field).iter().take(1) {
                    put(&mut extra, pointer, value.into());
                }
            }
        }
        for (pointer, value) in
            [("expires_in_pointer", json!(3600)), ("expires_at_pointer", json!(4_000_000_000_u64))]
        {
            if let Some(pointer) = self.text("token", pointer) {
                put(&mut extra, pointer, value);
            }
        }
        extra.as_object().cloned().unwrap().into_iter().collect()
    }

    fn pointers(&self, field: &str) -> Vec<String> {
        let list = self.at("identity", field).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    fn identity(&self) -> OddIdentity {
        let mut answer = json!({});
        for name in self.pointers("name").iter().take(1) {
            put(&mut answer, name, "{name}".into());
        }
        put(&mut answer, &self.pointers("key")[0], "{id}".into());
        OddIdentity {
            post: self.text("identity", "method") == Some("POST"),
            body: self.text("identity", "body").map(str::to_owned),
            answer,
        }
    }

    /// The name that the window shows: the key where an entry has nothing better.
    pub(crate) fn shows(&self) -> &'static str {
        let name = self.pointers("name").into_iter().next();
        if name.is_none_or(|name| name == self.pointers("key")[0]) { "ada" } else { "Ada Lovelace" }
    }

    fn presentation(&self) -> OddPresentation {
        match self.text("identity", "authentication").map(|text| text.split_once(':').unwrap_or((text, ""))) {
            None | Some(("bearer", _)) => OddPresentation::Bearer,
            Some(("scheme", "OAuth")) => OddPresentation::Scheme,
            Some(("query", "access_token")) => OddPresentation::Query,
            Some(("header", _)) => OddPresentation::Header,
            Some(other) => panic!("{}: the sandbox does not know {other:?}", self.id),
        }
    }

    /// The file with the sandbox in the provider's place.
    pub(crate) fn played_by(&self, origin: &str) -> String {
        let mut file = self.file.clone();
        for (section, key, path) in ENDPOINTS {
            let Some(url) = file.get_mut(section).and_then(|section| section.get_mut(key)) else { continue };
            let query = url.as_str().unwrap().split_once('?').map(|(_, query)| query.to_owned());
            let query = query.map(|query| format!("?{}", without_names(&query))).unwrap_or_default();
            *url = Value::String(format!("{origin}{path}{query}"));
        }
        // What would be asked of the person, and what is beyond a sign-in.
        for section in
            ["variables", "revocation", "device", "validation", "api", "manage_url", "website", "docs_url"]
        {
            file.remove(section);
        }
        if let Some(client) = file.get_mut("client").and_then(Value::as_table_mut) {
            client.remove("registration");
            client.remove("register_url");
        }
        let identity = file.get_mut("identity").and_then(Value::as_table_mut).unwrap();
        if self.presentation() == OddPresentation::Header {
            identity.insert("authentication".into(), "header:X-Odd-Token".into());
        }
        if let Some(headers) = identity.get_mut("headers").and_then(Value::as_table_mut) {
            headers
                .iter_mut()
                .for_each(|(_, value)| *value = Value::String(without_names(value.as_str().unwrap())));
        }
        if let Some(authorization) = file.get_mut("authorization").and_then(Value::as_table_mut) {
            authorization.remove("par_url");
            authorization.remove("issuer");
            authorization.remove("issuer_in_answer");
            authorization.remove("discovery");
        }
        file.to_string()
    }

    /// What was sent to the sandbox, with the entry's own addresses.
    pub(crate) fn in_its_own_words(&self, sent: &str) -> String {
        let own = |section, key| self.text(section, key).unwrap_or_default();
        let (authorize, token) = (own("authorization", "url"), own("token", "url"));
        if let Some(rest) = sent.strip_prefix("POST /odd/token") {
            return format!("POST {token}{rest}");
        }
        // A query of the entry's own was sent along and is the first part of this one.
        let (_, query) = sent.split_once("/odd/authorize").unwrap_or_else(|| panic!("{}: {sent}", self.id));
        format!("{}{query}", authorize.split('?').next().unwrap())
    }
}

/// Names in braces, which only a person or an answer could fill.
fn without_names(text: &str) -> String {
    text.replace("{client_id}", "CLIENT").replace(['{', '}'], "")
}

/// Sets what a JSON Pointer leads to.
fn put(root: &mut serde_json::Value, pointer: &str, value: serde_json::Value) {
    *pointer.trim_start_matches('/').split('/').fold(root, child) = value;
}

/// The member of an object, or the element of a list that its name is the number of.
fn child<'v>(value: &'v mut serde_json::Value, name: &str) -> &'v mut serde_json::Value {
    if let Ok(index) = name.parse::<usize>() {
        if !value.is_array() {
            *value = json!([]);
        }
        let list = value.as_array_mut().unwrap();
        list.resize((index + 1).max(list.len()), json!({}));
        return &mut list[index];
    }
    if !value.is_object() {
        *value = json!({});
    }
    &mut value[name]
}
