//! From the answer to a stored sign-in: exchange, ask whose it is, commit, publish.
//!
//! Between the exchange and the commit the token set is sealed with the waiting sign-in, so that a process
//! killed while it asks for the account takes up there, without a new consent.

use std::sync::{Arc, OnceLock};

use latchkey_protocol::{
    AccountView, ConnectionId, HistoryKind, Keep, Problem, ProblemCode, RestingPlace, SignInEnding,
    SignInStage, Timestamp,
};
use secrecy::SecretString;

use super::endings;
use crate::choices::Choices;
use crate::clients;
use crate::clock::Boot;
use crate::connection::{Access, Account, Connection, Grant, Standing, Track, Values};
use crate::credential::TokenSet;
use crate::flow::authorization_code::{self, TokenOutcome};
use crate::flow::dialect::Dialect;
use crate::flow::revocation::{self, RevocationOutcome};
use crate::flow::token_answer::Granted;
use crate::health::Doing;
use crate::http::host_of;
use crate::identity;
use crate::live::{Parts, SignInCard, Slot};
use crate::loopback::Page;
use crate::pending::{LIFE_MS, PendingSignIn, Redeemed};
use crate::store::prefix;
use crate::{personal, resting, view};

use super::account::account_of;

/// Waits before a code is sent again of which nothing was sent, in milliseconds.
const SEND_AGAIN_MS: [i64; 3] = [500, 1_500, 4_000];
/// Waits between questions for the account, and between tries to save what came, in milliseconds; the last one
/// for as long as a sign-in may take.
const ASK_AGAIN_MS: [i64; 6] = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

/// Exchanges the code. It is sent at most once: again only where nothing was sent (RFC 6749 4.1.2).
pub(super) async fn exchange(
    parts: &Arc<Parts>,
    pending: PendingSignIn,
    code: SecretString,
    brought: Values,
) -> Page {
    let client = match clients::at(parts, &pending.by, &pending.variables, &pending.client_id).await {
        Ok(client) => client,
        Err(error) => return end(parts, &pending, SignInEnding::Failed { problem: error.into() }),
    };
    let mut sent = 0;
    let (outcome, started) = loop {
        let (started, sent_at, date) = (parts.now(), parts.clock.boot(), OnceLock::new());
        let dialect = Dialect::new(&pending.by, &client, started).held_by(parts.holder(pending.key.as_ref()));
        let (redirect_uri, verifier) = (&pending.redirect_uri, pending.verifier.as_ref());
        let outcome =
            authorization_code::exchange(&parts.http, &dialect, redirect_uri, &code, verifier, &date).await;
        parts.learn_time(dialect.token_url(), date.get().copied(), sent_at).await;
        match (&outcome, SEND_AGAIN_MS.get(sent)) {
            (TokenOutcome::NotSent { .. }, Some(wait)) => pause(parts, *wait).await,
            _ => break (outcome, started),
        }
        sent += 1;
    };
    redeem(parts, pending, outcome, started, brought).await
}

/// Goes on with what the token endpoint answered to a question that left at `started`.
pub(super) async fn redeem(
    parts: &Arc<Parts>,
    mut pending: PendingSignIn,
    outcome: TokenOutcome,
    started: Timestamp,
    brought: Values,
) -> Page {
    let TokenOutcome::Granted(granted) = outcome else {
        let problem = endings::problem(parts, &provider_name(parts, &pending), outcome);
        return end(parts, &pending, SignInEnding::Failed { problem });
    };
    finishing(parts, &pending);
    let received_at = parts.skew.provider_now(host_of(&pending.by.file.token.url), parts.clock.as_ref());
    pending.redeemed = Some(redeemed(&pending, granted, (started, received_at), brought));
    if !given_up(parts, &pending) {
        super::remember(parts, &pending).await;
    }
    establish(parts, pending).await
}

fn redeemed(
    pending: &PendingSignIn,
    granted: Granted,
    (started, received_at): (Timestamp, Timestamp),
    brought: Values,
) -> Redeemed {
    let set = granted.set(started, pending.key.as_ref());
    let discovered = pending.discovered.clone();
    let asked = &pending.by.file.authorization.scopes;
    let account = granted.aside.account.and_then(|answer| identity::account_in(&pending.by, &answer));
    Redeemed {
        set,
        granted: granted.scopes.unwrap_or_else(|| asked.clone()),
        kept: brought.into_iter().chain(granted.aside.kept).chain(discovered).collect(),
        account: account.map(|account| (account.key, account.name)),
        id_token: granted.aside.id_token,
        received_at,
    }
}

/// Asks whose the tokens are and stores the sign-in. Nothing says "connected" before.
pub(super) async fn establish(parts: &Arc<Parts>, pending: PendingSignIn) -> Page {
    let Some(mut redeemed) = pending.redeemed.clone() else {
        return end(parts, &pending, SignInEnding::Expired);
    };
    let account = match account_of(parts, &pending, &mut redeemed).await {
        Ok(account) => account,
        Err(problem) => {
            super::forget_row(parts, &pending).await;
            return end(parts, &pending, SignInEnding::Failed { problem });
        }
    };
    settle(parts, pending, redeemed, account).await
}

/// Stores a sign-in whose account is known, unless nobody wants it any more.
pub(super) async fn settle(
    parts: &Arc<Parts>,
    pending: PendingSignIn,
    redeemed: Redeemed,
    account: Account,
) -> Page {
    // One id for all tries: a disk may say that it failed when it did not.
    let id = parts.entropy.id(prefix(pending.keep));
    let (mut tries, until) = (0, parts.clock.boot().plus(LIFE_MS));
    loop {
        match conclude(parts, &pending, &redeemed, &account, &id).await {
            Ok(page) => return page,
            // The code is spent: what it brought is held until the disk takes it.
            Err(problem) if problem.code == ProblemCode::Storage && parts.clock.boot() < until => {
                tracing::error!(provider = %pending.provider, %problem, "a sign-in is not saved yet");
                pause(parts, again(tries)).await;
                tries += 1;
            }
            Err(problem) => {
                if problem.code == ProblemCode::Storage {
                    let known = existing(parts, &pending, &account);
                    let shared = shared(parts, &pending, &account, known.as_deref());
                    give_back(parts, &pending, &redeemed, shared).await;
                }
                return end(parts, &pending, SignInEnding::Failed { problem });
            }
        }
    }
}

/// Stores the sign-in as that of `account`, or says why it is not wanted.
async fn conclude(
    parts: &Arc<Parts>,
    pending: &PendingSignIn,
    redeemed: &Redeemed,
    account: &Account,
    id: &str,
) -> Result<Page, Problem> {
    let epochs = parts.epochs.lock().await;
    let existing = existing(parts, pending, account);
    let expected = other_account(parts, pending, account);
    let given_up = given_up(parts, pending);
    if !given_up && expected.is_none() {
        let stored = store(parts, pending, redeemed, account, existing.as_deref(), id).await?;
        drop(epochs);
        return Ok(signed_in(parts, pending, &stored));
    }
    drop(epochs);
    super::forget_row(parts, pending).await;
    let shared = shared(parts, pending, account, existing.as_deref());
    give_back(parts, pending, redeemed, shared).await;
    Ok(match expected.filter(|_| !given_up) {
        Some(expected) => {
            let found = view::account(account);
            end(parts, pending, SignInEnding::DifferentAccount { expected, found })
        }
        None => Page { title: "Not connected".into(), text: "This sign-in was given up in Latchkey.".into() },
    })
}

/// The wait before what failed is tried again.
pub(super) fn again(tries: usize) -> i64 {
    ASK_AGAIN_MS.get(tries).or(ASK_AGAIN_MS.last()).copied().unwrap_or(15_000)
}

/// Stores a sign-in that no card shows.
pub(super) async fn keep(
    parts: &Arc<Parts>,
    pending: &PendingSignIn,
    redeemed: &Redeemed,
    account: &Account,
) -> Result<Connection, Problem> {
    let id = parts.entropy.id(prefix(pending.keep));
    let _epochs = parts.epochs.lock().await;
    let existing = existing(parts, pending, account);
    store(parts, pending, redeemed, account, existing.as_deref(), &id).await
}

/// The card says that the person's part is done.
fn finishing(parts: &Parts, pending: &PendingSignIn) {
    let view = parts.with_sign_ins(|sign_ins| {
        let live = sign_ins.iter_mut().find(|live| live.view.id == pending.id)?;
        let asked = live.view.stage != SignInStage::Finishing;
        live.view.stage = SignInStage::Finishing;
        asked.then(|| live.view.clone())
    });
    if let Some(view) = view {
        parts.tell_card(&SignInCard::of(&view));
    }
}

/// Whether the person cancelled it, or began another one in its place, while it was being finished.
pub(super) fn given_up(parts: &Parts, pending: &PendingSignIn) -> bool {
    parts.sign_in(&pending.id).is_none()
}

/// The connection that this account already has here, kept in the same way.
fn existing(parts: &Parts, pending: &PendingSignIn, account: &Account) -> Option<Arc<Slot>> {
    parts.slots().into_iter().find(|slot| {
        slot.read(|state| state.connection.is_of(&pending.provider, &pending.variables, &account.key))
    })
}

/// The account that was to be renewed, when another one came back.
fn other_account(parts: &Parts, pending: &PendingSignIn, account: &Account) -> Option<AccountView> {
    let slot = parts.slot(pending.connection.as_ref()?)?;
    let expected = slot.connection().account;
    (expected.key != account.key).then(|| view::account(&expected))
}

/// Whether revoking these tokens would end a sign-in that is in use.
fn shared(parts: &Parts, pending: &PendingSignIn, account: &Account, existing: Option<&Slot>) -> bool {
    let provider = Some(pending.by.as_ref());
    existing.is_some() || !parts.end_together(provider, &pending.client_id, &account.key).is_empty()
}

/// Revokes tokens that nobody wants, unless their account is connected here: revoking may end its grant too.
async fn give_back(parts: &Parts, pending: &PendingSignIn, redeemed: &Redeemed, connected: bool) {
    if connected || !revocation::is_offered(&pending.by) {
        return;
    }
    let Ok(client) = clients::at(parts, &pending.by, &pending.variables, &pending.client_id).await else {
        return;
    };
    let provider = pending.by.filled(&redeemed.kept);
    let outcome = revocation::revoke_one(&parts.http, &provider, &client, &redeemed.set).await;
    if outcome != RevocationOutcome::Done {
        tracing::info!(provider = %pending.provider, ?outcome, "an unwanted sign-in could not be given back");
    }
}

async fn store(
    parts: &Arc<Parts>,
    pending: &PendingSignIn,
    redeemed: &Redeemed,
    account: &Account,
    existing: Option<&Slot>,
    id: &str,
) -> Result<Connection, Problem> {
    let old = match existing {
        Some(slot) => parts.store.connection(&slot.id).await?,
        None => None,
    };
    let moved = old.clone().filter(|old| old.keep != pending.keep);
    let base = old.filter(|old| old.keep == pending.keep);
    let connection = new_connection(parts, pending, redeemed, account.clone(), base, id)?;
    let envelope = resting::seal(parts, &connection, &redeemed.set).await?;
    let line = (HistoryKind::SignedIn, None);
    let sign_in = (pending.keep == Keep::Keychain).then(|| pending.id.clone());
    parts.store.commit_sign_in(connection.clone(), envelope, sign_in, line, parts.now()).await?;
    let mut said = None;
    if let Some(moved) = &moved {
        said = existing.map(|slot| slot.read(|state| state.choices.clone()));
        leave(parts, moved).await;
    }
    if let Some(said) = &said {
        personal::carry(parts, said, &connection).await;
    }
    Ok(publish(parts, connection, said, redeemed.set.clone()))
}

fn publish(parts: &Arc<Parts>, connection: Connection, moved: Option<Choices>, set: TokenSet) -> Connection {
    let passed = parts.now().0.saturating_sub(set.obtained_at.0);
    let started = Boot(parts.clock.boot().0.saturating_sub(passed.max(0)));
    let slot = match moved {
        Some(said) => parts.publish_moved(connection.clone(), said, set, started),
        None => parts.publish_set(connection.clone(), set, started),
    };
    slot.write(|state| state.doing = Doing::Nothing);
    parts.gate.signed_in(&parts.ask(&connection));
    resting::settle_in_background(parts, &slot);
    connection
}

fn new_connection(
    parts: &Parts,
    pending: &PendingSignIn,
    redeemed: &Redeemed,
    account: Account,
    base: Option<Connection>,
    id: &str,
) -> Result<Connection, Problem> {
    let now = parts.now();
    let file = &pending.by.file;
    let id = match &base {
        Some(base) => base.id.clone(),
        None => ConnectionId::try_from(id).map_err(|error| super::internal(&error))?,
    };
    let memory = pending.keep == Keep::Memory;
    Ok(Connection {
        id,
        provider: pending.provider.clone(),
        provider_name: provider_name(parts, pending),
        client_id: pending.client_id.clone(),
        account: account.seen(now),
        keep: pending.keep,
        epoch: base.as_ref().map_or(0, |base| base.epoch) + 1,
        generation: base.as_ref().map_or(0, |base| base.generation) + 1,
        grant: Grant {
            authorized_at: now,
            ends_at: pending.by.grant_life_ms().map(|life| now.plus(life)),
            asked: file.authorization.scopes.clone(),
            granted: redeemed.granted.clone(),
        },
        access: Access::from(&redeemed.set),
        standing: Standing::Good,
        track: Track { last_success_at: Some(now), ..Track::default() },
        resting: if memory { RestingPlace::Memory } else { RestingPlace::Sealed },
        created_at: base.map_or(now, |base| base.created_at),
        variables: pending.variables.clone(),
        kept: redeemed.kept.clone(),
    })
}

/// The same account was kept in another way until this moment; that place is emptied.
async fn leave(parts: &Parts, old: &Connection) {
    let erased = parts.store.remove(&old.id).await.is_ok();
    let item_gone = resting::erase_item(parts, old).await.is_ok();
    if !(erased && item_gone) {
        tracing::warn!(connection.id = %old.id, "what was kept elsewhere of this account could not all be erased");
    }
    parts.unpublish(&old.id);
}

fn signed_in(parts: &Parts, pending: &PendingSignIn, connection: &Connection) -> Page {
    stop_and_remove(parts, pending);
    let card = SignInCard::of(&pending.view(SignInStage::Finishing));
    parts.tell_card(&card);
    if let Some(slot) = parts.slot(&connection.id) {
        parts.tell(&slot);
    }
    tracing::info!(connection.id = %connection.id, provider = %connection.provider, "signed in");
    let (name, provider) = (&connection.account.name, &connection.provider_name);
    Page { title: "Signed in".into(), text: format!("{provider} is connected as {name}.") }
}

/// Shows on the card how a sign-in ended, and says it on the page.
pub(super) fn end(parts: &Parts, pending: &PendingSignIn, ending: SignInEnding) -> Page {
    let page = endings::page(&provider_name(parts, pending), &ending);
    let view = parts.with_sign_ins(|sign_ins| {
        let live = sign_ins.iter_mut().find(|live| live.view.id == pending.id)?;
        live.view.stage = SignInStage::Ended { ending };
        live.pending = None;
        close_soon(parts, live.stop.clone());
        Some(live.view.clone())
    });
    if let Some(view) = view {
        parts.tell_card(&SignInCard::of(&view));
    }
    page
}

fn stop_and_remove(parts: &Parts, pending: &PendingSignIn) {
    parts.with_sign_ins(|sign_ins| {
        if let Some(live) = sign_ins.iter().find(|live| live.view.id == pending.id) {
            close_soon(parts, live.stop.clone());
        }
        sign_ins.retain(|live| live.view.id != pending.id);
    });
}

/// The listener stays long enough for the browser to fetch the page that says how it went.
pub(super) fn close_soon(parts: &Parts, stop: Arc<tokio::sync::Notify>) {
    parts.tasks.spawn(async move {
        let never = std::future::pending::<()>();
        let _ = tokio::time::timeout(std::time::Duration::from_secs(20), never).await;
        stop.notify_one();
    });
}

pub(super) async fn pause(parts: &Parts, milliseconds: i64) {
    parts.clock.sleep_until(parts.clock.boot().plus(milliseconds)).await;
}

pub(super) fn provider_name(parts: &Parts, pending: &PendingSignIn) -> String {
    let provider = parts.catalog.provider(&pending.provider);
    provider.map_or_else(|| pending.by.file.name.clone(), |provider| provider.file.name.clone())
}
