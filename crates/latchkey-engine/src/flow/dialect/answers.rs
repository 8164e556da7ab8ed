//! A provider's answer, brought into the form of RFC 6749 5.1 and 5.2.

use secrecy::SecretString;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::Dialect;
use crate::connection::Values;
use crate::provider::file::TokenAnswerForm;

/// What an answer says beside the tokens that it grants.
#[derive(Debug, Clone, Default)]
pub(crate) struct Aside {
    /// What is to be stored with the connection, by name.
    pub(crate) kept: Values,
    /// The whole answer without its tokens, where the account is named in it.
    pub(crate) account: Option<Value>,
    /// Its ID token.
    pub(crate) id_token: Option<SecretString>,
}

impl Dialect<'_> {
    /// The answer as the standard has it, and what it says beside. `None` where it is none.
    pub(crate) fn read(&self, body: &[u8]) -> Option<(Map<String, Value>, Aside)> {
        let root = self.object(body)?;
        let token = &self.file.token;
        let place = |pointer: &String| root.pointer(pointer).and_then(Value::as_object).cloned();
        let inner = token.pointer.as_ref().and_then(place);
        let mut object = inner.or_else(|| root.as_object().cloned())?;
        let tokens = object.contains_key("access_token");
        if let Some(code) = self.failure(&root).filter(|_| !tokens || token.error_pointer.is_some()) {
            return Some((refusal(&root, code), Aside::default()));
        }
        if let Some(life) = token.expires_in_pointer.as_ref().and_then(|pointer| root.pointer(pointer)) {
            object.insert("expires_in".into(), life.clone());
        }
        if let Some(at) = token.expires_at_pointer.as_ref().and_then(|pointer| root.pointer(pointer)) {
            let life = seconds(at).map(|at| at.saturating_sub(self.now.0 / 1000));
            object.insert("expires_in".into(), life.unwrap_or_default().into());
        }
        if token.any_type {
            object.insert("token_type".into(), "bearer".into());
        }
        self.spell_scopes(&mut object);
        let id_token = object.get("id_token").and_then(Value::as_str).filter(|token| !token.is_empty());
        let id_token = id_token.map(SecretString::from);
        Some((object, Aside { id_token, ..self.aside(&root) }))
    }

    fn object(&self, body: &[u8]) -> Option<Value> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        match (serde_json::from_slice(body), self.file.token.answer) {
            (Ok(Value::Object(object)), _) => Some(Value::Object(object)),
            (Ok(_), _) | (Err(_), TokenAnswerForm::Json) => None,
            (Err(_), TokenAnswerForm::Form) => {
                let fields = form_urlencoded::parse(body).into_owned();
                let object: Map<_, _> = fields.map(|(name, value)| (name, Value::String(value))).collect();
                let known = object.contains_key("access_token") || object.contains_key("error");
                known.then_some(Value::Object(object))
            }
        }
    }

    /// The error code of an answer, in the standard's words where the file knows them.
    fn failure(&self, root: &Value) -> Option<String> {
        let token = &self.file.token;
        let found = token.error_pointer.as_deref().and_then(|pointer| root.pointer(pointer)).and_then(code);
        let found = found.or_else(|| root.get("error").and_then(Value::as_str).map(str::to_owned))?;
        Some(token.errors.get(&found).map_or(found, |known| known.code().to_owned()))
    }

    /// Scopes as one text with spaces between them.
    fn spell_scopes(&self, object: &mut Map<String, Value>) {
        let separator = self.file.authorization.scope_separator.as_str();
        let spelled = match object.get("scope") {
            Some(Value::Array(list)) => {
                let list: Vec<_> = list.iter().filter_map(Value::as_str).collect();
                list.join(" ")
            }
            Some(Value::String(text)) if separator != " " => text.replace(separator, " "),
            Some(_) | None => return,
        };
        object.insert("scope".into(), spelled.into());
    }

    fn aside(&self, root: &Value) -> Aside {
        let kept = self.file.keep.iter().filter_map(|(name, kept)| {
            let value = match root.pointer(kept.token.as_ref()?)? {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
            };
            Some((name.clone(), kept.admit(&value)?))
        });
        let account = self.file.identity.url.is_none().then(|| without_tokens(root.clone()));
        Aside { kept: kept.collect(), account, id_token: None }
    }
}

/// An error code, unless it says that there is no error.
fn code(value: &Value) -> Option<String> {
    let code = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(true) => "true".to_owned(),
        Value::Null | Value::Bool(false) | Value::Array(_) | Value::Object(_) => return None,
    };
    (!["", "0", "ok", "success"].contains(&code.as_str())).then_some(code)
}

/// The answer of RFC 6749 5.2 for an error code.
fn refusal(root: &Value, code: String) -> Map<String, Value> {
    let said = ["/error_description", "/error/message", "/message"].map(|pointer| root.pointer(pointer));
    let said = said.into_iter().flatten().find(|said| said.is_string());
    let described = said.map(|said| ("error_description".to_owned(), said.clone()));
    [("error".to_owned(), code.into())].into_iter().chain(described).collect()
}

/// The answer without whatever is named a token, at any depth.
fn without_tokens(mut value: Value) -> Value {
    if let Value::Object(object) = &mut value {
        object.retain(|name, _| !name.contains("token") && !name.contains("secret"));
        for inner in object.values_mut() {
            *inner = without_tokens(inner.take());
        }
    }
    value
}

fn seconds(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
