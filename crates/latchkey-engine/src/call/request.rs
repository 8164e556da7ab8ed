//! What is asked of an API: method, path below its base, query, and a body in JSON.

use std::fmt;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method};
use reqwest::Request;
use serde_json::Value;
use url::Url;

use crate::provider::{Api, ApiClient};

/// One call, not sent yet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    pub(super) method: Method,
    /// Below the API's base, with a slash at the front.
    path: String,
    /// The path without what differs from call to call: calls of one route share a rate limit.
    pub(super) route: &'static str,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
}

impl Wanted {
    /// A call of a route that is its own path.
    pub(crate) fn new(method: Method, route: &'static str) -> Self {
        Self { method, path: route.to_owned(), route, query: Vec::new(), body: None }
    }

    /// The same of a route with an id in it, which stands in the path as it is allowed there.
    #[must_use]
    pub(crate) fn of(mut self, id: &str) -> Self {
        let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
        self.path = self.path.replace("{id}", &id);
        self
    }

    /// The same with a query parameter.
    #[must_use]
    pub(crate) fn query(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.query.push((name, format!("{value}")));
        self
    }

    /// The same with a body.
    #[must_use]
    pub(crate) fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The request without the access that it needs. None where the base is no URL, which the provider file rules out.
    pub(super) fn request(&self, api: &Api) -> Option<Request> {
        let mut url = Url::parse(&format!("{}{}", api.url, self.path)).ok()?;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let mut request = Request::new(self.method.clone(), url);
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(name) = user_agent(api).and_then(|name| HeaderValue::from_str(&name).ok()) {
            headers.insert(http::header::USER_AGENT, name);
        }
        if let Some(body) = &self.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.to_string().into());
        }
        Some(request)
    }
}

/// The form that Discord asks for in place of the common one (developers/reference, user agent).
fn user_agent(api: &Api) -> Option<String> {
    match api.client? {
        ApiClient::Discord => {
            let (url, version) = (env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"));
            Some(format!("DiscordBot ({url}, {version}) {}", crate::http::USER_AGENT))
        }
        ApiClient::Spotify => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::RateLimitScope;

    fn api(client: Option<ApiClient>) -> Api {
        let url = "https://api.example/v1".into();
        Api { url, client, pictures_url: None, rate_limit: RateLimitScope::default() }
    }

    #[test]
    fn an_id_stays_in_its_place_in_the_path() {
        let wanted = Wanted::new(Method::GET, "/playlists/{id}/items").of("a/../b?c").query("limit", 1);
        let request = wanted.request(&api(None)).unwrap();
        assert_eq!(request.url().as_str(), "https://api.example/v1/playlists/a%2F..%2Fb%3Fc/items?limit=1");
        assert_eq!(wanted.route, "/playlists/{id}/items");
    }

    #[test]
    fn discord_hears_who_calls_in_its_own_form() {
        let wanted = Wanted::new(Method::POST, "/x").json(serde_json::json!({"a": 1}));
        let request = wanted.request(&api(Some(ApiClient::Discord))).unwrap();
        let name = request.headers()[http::header::USER_AGENT].to_str().unwrap();
        assert!(name.starts_with("DiscordBot (https://"), "{name}");
    }
}
