//! Between a server's questions and a connection: the way to another service and back, and what becomes of the
//! session at the end.

use std::sync::Arc;

use latchkey_protocol::{
    ConnectionId, Keep, Problem, Redirect, SignInId, SignInStage, SignInView, Timestamp,
};
use secrecy::SecretString;
use url::Url;

use super::finish;
use crate::connection::{Account, Connection, Values};
use crate::flow::auth_refresh;
use crate::live::{Parts, SignInCard};
use crate::loopback::{Listener, Page};
use crate::pending::{PendingSignIn, Redeemed};
use crate::pocketbase::{Address, Realm, Session};
use crate::provider::Provider;
use crate::talk::Talk;

pub(super) use finish::close_soon;

/// Where the browser goes, and what proves that its answer is ours.
pub(super) struct Way {
    pub(super) url: Url,
    pub(super) redirect: Redirect,
    redirect_uri: String,
    state: SecretString,
    verifier: SecretString,
}

/// The way to the service of this name; `None` where it would be unprotected.
pub(super) async fn way_to(
    parts: &Arc<Parts>,
    id: &SignInId,
    talk: &Talk,
    name: &str,
) -> Result<(Option<Way>, Option<Listener>), Problem> {
    let live = parts.sign_in(id).ok_or_else(super::gone)?;
    let provider = provider(parts, &live.view)?;
    let redirect = super::choose_redirect(parts, provider, None);
    let (redirect_uri, listener) = super::way_back(provider, redirect).await?;
    let (state, verifier) = (parts.entropy.text().into(), parts.entropy.text().into());
    let upstream = talk.methods.upstreams().iter().find(|upstream| upstream.name == name);
    let url = upstream.and_then(|upstream| upstream.request(&redirect_uri, &state, &verifier));
    Ok((url.map(|url| Way { url, redirect, redirect_uri, state, verifier }), listener))
}

pub(super) fn provider<'p>(parts: &'p Parts, view: &SignInView) -> Result<&'p Provider, Problem> {
    parts
        .catalog
        .provider(&view.provider)
        .map(AsRef::as_ref)
        .ok_or_else(|| super::no_provider(&view.provider))
}

/// What this sign-in is held against: an answer of the browser, and the connection it is to become.
pub(super) fn pending(
    parts: &Parts,
    by: &Provider,
    view: &SignInView,
    realm: &Realm,
    keep: Keep,
    way: Option<Way>,
) -> PendingSignIn {
    let (url, redirect_uri, state, verifier) = match way {
        Some(way) => (way.url, way.redirect_uri, way.state, Some(way.verifier)),
        None => (realm.endpoint(&["auth-refresh"]), String::new(), parts.entropy.text().into(), None),
    };
    PendingSignIn {
        id: view.id.clone(),
        provider: view.provider.clone(),
        connection: view.connection.clone(),
        keep,
        redirect: view.redirect,
        redirect_uri,
        client_id: by.file.client.id.clone().unwrap_or_default(),
        by: Arc::new(by.filled(&realm.values())),
        variables: Values::new(),
        state,
        verifier,
        nonce: None,
        key: None,
        discovered: Values::new(),
        url,
        started_at: view.started_at,
        redeemed: None,
    }
}

/// The server let the person in: the session becomes a connection.
pub(super) async fn signed_in(
    parts: &Arc<Parts>,
    id: &SignInId,
    talk: &Talk,
    session: Session,
) -> Result<Page, Problem> {
    let view = parts.with_sign_ins(|sign_ins| {
        let live = sign_ins.iter_mut().find(|live| &live.view.id == id)?;
        live.view.stage = SignInStage::Finishing;
        Some(live.view.clone())
    });
    let view = view.ok_or_else(super::gone)?;
    let realm = talk.realm.as_ref().ok_or_else(super::gone)?;
    parts.tell_card(&SignInCard::of(&view));
    let pending = pending(parts, provider(parts, &view)?, &view, realm, talk.keep, None);
    let account = account(realm, &session, None);
    let redeemed = redeemed(session, parts.now());
    Ok(finish::settle(parts, pending, redeemed, account).await)
}

/// A superuser's session made one in the name of somebody else: it becomes a connection, in memory only.
pub(crate) async fn adopt(
    parts: &Arc<Parts>,
    by: &Connection,
    realm: &Realm,
    session: Session,
) -> Result<ConnectionId, Problem> {
    let now = parts.now();
    let view = SignInView {
        id: SignInId::try_from(parts.entropy.id("s-")).map_err(|error| super::internal(&error))?,
        provider: by.provider.clone(),
        connection: None,
        stage: SignInStage::Finishing,
        redirect: Redirect::Loopback,
        by_code: false,
        browser_missing: false,
        started_at: now,
        expires_at: now,
    };
    let account = account(realm, &session, Some(by.account.name.clone()));
    let pending = pending(parts, provider(parts, &view)?, &view, realm, Keep::Memory, None);
    finish::keep(parts, &pending, &redeemed(session, now), &account).await.map(|connection| connection.id)
}

fn account(realm: &Realm, session: &Session, acting: Option<String>) -> Account {
    let record = &session.record;
    // The token's claims, for a record may hide its fields.
    let by_id = realm.with_collection(&session.claims.collection_id).unwrap_or_else(|_| realm.clone());
    let address = Address { realm: by_id, record: session.claims.id.clone(), acting };
    Account { key: address.to_string(), name: record.shown(), picture: None, person: None }
}

fn redeemed(session: Session, now: Timestamp) -> Redeemed {
    let set = auth_refresh::granted(session, now).set(now, None);
    Redeemed {
        set,
        granted: Vec::new(),
        kept: Values::new(),
        account: None,
        id_token: None,
        received_at: now,
    }
}
