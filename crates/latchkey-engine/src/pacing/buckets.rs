//! Rate limits that a provider announces in the headers of its answers, obeyed before the next request leaves.
//!
//! Discord counts calls in buckets: each route has one, several may share one, and which it is stands in the
//! answer. Nothing about them is known beforehand, and no limit is written into a program
//! (developers/topics/rate-limits, 2026-08-06).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::HeaderMap;

use super::retry_after::milliseconds;
use crate::clock::Boot;

/// What the headers of an answer say of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    /// Which bucket; absent where the provider has only one.
    pub bucket: Option<String>,
    /// Calls in a whole window.
    pub limit: Option<u32>,
    /// Calls that are left in this one.
    pub remaining: u32,
    /// Milliseconds until it is full again.
    pub resets_in_ms: Option<i64>,
}

impl Window {
    /// Reads `X-RateLimit-*` and, for what is left alone, the names that others have given it.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let number = |names: [&str; 3]| names.into_iter().find_map(|name| text(name)?.parse().ok());
        let seconds = text("x-ratelimit-reset-after").and_then(|text| text.parse::<f64>().ok());
        Some(Self {
            bucket: text("x-ratelimit-bucket").filter(|name| !name.is_empty()).map(str::to_owned),
            limit: number(["x-ratelimit-limit", "ratelimit-limit", "x-discogs-ratelimit"]),
            remaining: number([
                "x-ratelimit-remaining",
                "ratelimit-remaining",
                "x-discogs-ratelimit-remaining",
            ])?,
            resets_in_ms: seconds.filter(|seconds| seconds.is_finite()).map(milliseconds),
        })
    }
}

/// Whose calls are counted together: client id and account at one API.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Owner {
    /// The base URL of the API.
    pub api: String,
    /// The client id.
    pub client_id: String,
    /// The account's key.
    pub account: String,
}

/// What is known of the buckets, in memory only: their windows last seconds.
#[derive(Debug, Default)]
pub(crate) struct Buckets(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The bucket of each route of an API.
    names: BTreeMap<(String, String), String>,
    fill: BTreeMap<(Owner, String), Fill>,
}

#[derive(Debug, Clone, Copy)]
struct Fill {
    remaining: u32,
    resets: Boot,
}

impl Buckets {
    /// Takes a call out of the bucket of `route`, or says until when it is empty. A route whose bucket is not
    /// known yet passes.
    pub(crate) fn take(&self, owner: &Owner, route: &str, now: Boot) -> Result<(), Boot> {
        let mut state = self.state();
        state.fill.retain(|_, fill| fill.resets > now);
        let Some(name) = state.names.get(&(owner.api.clone(), route.to_owned())).cloned() else {
            return Ok(());
        };
        match state.fill.get_mut(&(owner.clone(), name)) {
            Some(fill) if fill.remaining == 0 => Err(fill.resets),
            Some(fill) => {
                fill.remaining -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// An answer told how full its bucket is.
    pub(crate) fn note(&self, owner: &Owner, route: &str, window: &Window, now: Boot) {
        let (Some(bucket), Some(resets_in_ms)) = (&window.bucket, window.resets_in_ms) else { return };
        let fill = Fill { remaining: window.remaining, resets: now.plus(resets_in_ms) };
        self.fill(owner, route, bucket.clone(), fill);
    }

    /// The provider refused a call of `route`: nothing of its bucket is left until then.
    pub(crate) fn empty(&self, owner: &Owner, route: &str, bucket: Option<String>, until: Boot) {
        // Without a name the route has a bucket of its own, until an answer says otherwise.
        let bucket = bucket.unwrap_or_else(|| route.to_owned());
        self.fill(owner, route, bucket, Fill { remaining: 0, resets: until });
    }

    fn fill(&self, owner: &Owner, route: &str, bucket: String, fill: Fill) {
        let mut state = self.state();
        state.names.insert((owner.api.clone(), route.to_owned()), bucket.clone());
        state.fill.insert((owner.clone(), bucket), fill);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here is written half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(account: &str) -> Owner {
        Owner { api: "https://api".into(), client_id: "client".into(), account: account.into() }
    }

    fn window(remaining: u32) -> Window {
        Window { bucket: Some("b".into()), limit: Some(5), remaining, resets_in_ms: Some(1_480) }
    }

    #[test]
    fn the_headers_of_discord_are_read_with_their_fractions() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-ratelimit-limit", "5"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795242001.480"),
            ("x-ratelimit-reset-after", "1.480"),
            ("x-ratelimit-bucket", "b"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        assert_eq!(Window::read(&headers), Some(window(0)));
        headers.remove("x-ratelimit-remaining");
        assert_eq!(Window::read(&headers), None);
        headers.insert("x-discogs-ratelimit-remaining", "59".parse().unwrap());
        assert_eq!(Window::read(&headers).unwrap().remaining, 59);
    }

    #[test]
    fn an_empty_bucket_holds_its_own_routes_and_its_own_account() {
        let (buckets, now) = (Buckets::default(), Boot(1_000));
        for route in ["/users/@me", "/users/@me/guilds"] {
            buckets.note(&owner("ada"), route, &window(0), now);
        }
        assert_eq!(buckets.take(&owner("ada"), "/users/@me", now), Err(Boot(2_480)));
        assert_eq!(buckets.take(&owner("ada"), "/users/@me/guilds", now), Err(Boot(2_480)));
        assert_eq!(buckets.take(&owner("ada"), "/oauth2/@me", now), Ok(()), "another bucket");
        assert_eq!(buckets.take(&owner("ben"), "/users/@me", now), Ok(()), "another account");
        assert_eq!(buckets.take(&owner("ada"), "/users/@me", Boot(2_480)), Ok(()), "full again");
    }

    #[test]
    fn calls_that_are_under_way_count() {
        let (buckets, now) = (Buckets::default(), Boot(0));
        buckets.note(&owner("ada"), "/users/@me", &window(2), now);
        assert_eq!(buckets.take(&owner("ada"), "/users/@me", now), Ok(()));
        assert_eq!(buckets.take(&owner("ada"), "/users/@me", now), Ok(()));
        assert!(buckets.take(&owner("ada"), "/users/@me", now).is_err());
    }

    #[test]
    fn a_refused_route_without_a_bucket_is_held_by_itself() {
        let (buckets, now) = (Buckets::default(), Boot(0));
        buckets.empty(&owner("ada"), "/users/@me", None, Boot(500));
        assert_eq!(buckets.take(&owner("ada"), "/users/@me", now), Err(Boot(500)));
        assert_eq!(buckets.take(&owner("ada"), "/oauth2/@me", now), Ok(()));
    }
}
