//! The provider of a world: it rotates, grants grace, detects reuse, and remembers everything. What it
//! remembers is the oracle's truth.

use std::collections::BTreeMap;

use serde_json::json;

/// A form or header field of a request, by name.
pub(crate) type Fields = BTreeMap<String, String>;

/// Why a grant ended at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The provider's own decision, or the person's on its page.
    Revoked,
    /// Latchkey asked for it.
    Asked,
    /// A superseded refresh token came back after its grace.
    Reuse,
}

/// What the revocation of a token ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Revokes {
    /// Every grant of the account: that is what R90 is about.
    Account,
    /// The grant of the token, if the token is the live one; anything else is ignored.
    LiveToken,
}

/// One sign-in at the provider.
#[derive(Debug)]
pub(crate) struct Grant {
    /// When each refresh token was superseded; the last one is live.
    superseded: Vec<Option<i64>>,
    /// The token that was spent for each of them; the first one was bought with the code.
    bought_with: Vec<Option<usize>>,
    pub(crate) ended: Option<Ended>,
    /// Why the answer that brought the live token may not be kept anywhere.
    pub(crate) excuse: Option<&'static str>,
    /// The latest answer that reached a process: token, incarnation, generation on disk before.
    pub(crate) delivered: Option<Delivery>,
    /// Refresh requests that left for it.
    pub(crate) asked: u32,
    pub(crate) refusals: u32,
    pub(crate) not_before: i64,
}

/// An answer that reached a process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivery {
    pub(crate) token: usize,
    pub(crate) incarnation: u64,
    pub(crate) generation_before: i64,
    pub(crate) at: i64,
}

/// What the provider answers.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// The grant and refresh token that were issued.
    pub(crate) issued: Option<(usize, usize)>,
}

#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) grants: Vec<Grant>,
    pub(crate) life_s: i64,
    pub(crate) rotates: bool,
    pub(crate) grace_ms: i64,
    pub(crate) reuse_detection: bool,
    pub(crate) revokes: Revokes,
    /// Refreshes that were granted.
    pub(crate) granted: u64,
}

impl Grant {
    /// Whether its code was ever exchanged.
    pub(crate) fn begun(&self) -> bool {
        !self.superseded.is_empty()
    }

    /// Whether a token is the one that lives.
    pub(crate) fn is_live(&self, token: usize) -> bool {
        self.superseded[token].is_none()
    }

    /// Whether a request of a process that died was overtaken by its own repeat: it spent the same token once
    /// more, after the answer to the repeat. Whoever has that answer cannot know that it is worth nothing.
    pub(crate) fn was_overtaken(&self) -> bool {
        let Some(Delivery { token, .. }) = self.delivered else { return false };
        self.bought_with[token + 1..].iter().flatten().any(|spent| *spent < token)
    }
}

impl Provider {
    /// A sign-in that the browser has agreed to; the number of the grant is its code.
    pub(crate) fn agree(&mut self) -> String {
        self.grants.push(Grant {
            superseded: Vec::new(),
            bought_with: Vec::new(),
            ended: None,
            excuse: None,
            delivered: None,
            asked: 0,
            refusals: 0,
            not_before: 0,
        });
        format!("code-{}", self.grants.len() - 1)
    }

    /// The grant that a refresh token belongs to, and its number in the chain.
    pub(crate) fn chain(token: &str) -> Option<(usize, usize)> {
        let (grant, index) = token.strip_prefix("r-")?.split_once('-')?;
        Some((grant.parse().ok()?, index.parse().ok()?))
    }

    pub(crate) fn token(&mut self, form: &Fields, now: i64) -> Said {
        match form.get("grant_type").map(String::as_str) {
            Some("authorization_code") => self.exchange(form, now),
            Some("refresh_token") => self.refresh(form, now),
            _ => refused("unsupported_grant_type"),
        }
    }

    fn exchange(&mut self, form: &Fields, now: i64) -> Said {
        let code = form.get("code").and_then(|code| code.strip_prefix("code-")?.parse::<usize>().ok());
        match code.filter(|grant| self.grants.get(*grant).is_some_and(|grant| grant.superseded.is_empty())) {
            Some(grant) => self.issue(grant, None, now),
            None => refused("invalid_grant"),
        }
    }

    fn refresh(&mut self, form: &Fields, now: i64) -> Said {
        let Some((id, index)) = form.get("refresh_token").and_then(|token| Self::chain(token)) else {
            return refused("invalid_grant");
        };
        let (grace, reuse_detection) = (self.grace_ms, self.reuse_detection);
        let grant = &mut self.grants[id];
        let late = grant.superseded[index].is_some_and(|since| now - since >= grace);
        if late && reuse_detection {
            grant.ended.get_or_insert(Ended::Reuse);
        }
        if late || grant.ended.is_some() {
            grant.refusals += 1;
            return refused("invalid_grant");
        }
        self.granted += 1;
        if !self.rotates {
            return self.answer(id, None, now);
        }
        let grant = &mut self.grants[id];
        for since in &mut grant.superseded {
            since.get_or_insert(now);
        }
        grant.excuse = None;
        self.issue(id, Some(index), now)
    }

    fn issue(&mut self, id: usize, spent: Option<usize>, now: i64) -> Said {
        let grant = &mut self.grants[id];
        grant.superseded.push(None);
        grant.bought_with.push(spent);
        let index = grant.superseded.len() - 1;
        self.answer(id, Some(index), now)
    }

    fn answer(&self, id: usize, index: Option<usize>, now: i64) -> Said {
        let expires = now + self.life_s * 1000;
        let mut body = json!({
            "access_token": format!("a-{id}-{}-{expires}", self.granted),
            "token_type": "Bearer",
            "expires_in": self.life_s,
        });
        if let Some(index) = index {
            body["refresh_token"] = json!(format!("r-{id}-{index}"));
        }
        let newest = self.grants[id].superseded.len() - 1;
        Said { status: 200, body: body.to_string(), issued: Some((id, index.unwrap_or(newest))) }
    }

    /// When an access token runs out here, and the grant it is of.
    pub(crate) fn access(token: &str) -> Option<(usize, i64)> {
        let mut parts = token.strip_prefix("a-")?.split('-');
        let grant = parts.next()?.parse().ok()?;
        Some((grant, parts.nth(1)?.parse().ok()?))
    }

    pub(crate) fn userinfo(&self, bearer: &str, now: i64) -> Said {
        let known = Self::access(bearer).filter(|(grant, expires)| {
            now < *expires && self.grants.get(*grant).is_some_and(|grant| grant.ended.is_none())
        });
        match known {
            Some(_) => Said { status: 200, body: r#"{"sub":"ada","name":"Ada"}"#.into(), issued: None },
            None => Said { status: 401, body: "{}".into(), issued: None },
        }
    }

    pub(crate) fn revoke(&mut self, form: &Fields) -> Said {
        let token = form.get("token").map_or("", String::as_str);
        let chain = Self::chain(token);
        let live = chain.filter(|(grant, index)| self.grants[*grant].superseded[*index].is_none());
        match (self.revokes, chain, live) {
            (Revokes::Account, Some(_), _) => {
                for grant in &mut self.grants {
                    grant.ended.get_or_insert(Ended::Asked);
                }
            }
            (Revokes::LiveToken, _, Some((grant, _))) => {
                self.grants[grant].ended.get_or_insert(Ended::Asked);
            }
            (Revokes::Account, None, _) | (Revokes::LiveToken, _, None) => {}
        }
        Said { status: 200, body: String::new(), issued: None }
    }
}

fn refused(error: &str) -> Said {
    Said { status: 400, body: json!({ "error": error }).to_string(), issued: None }
}
