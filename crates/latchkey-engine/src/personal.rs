//! What a person says of a connection, on its way into the database and back: its alias, and its browser.
//!
//! No token set is read or written here and no generation rises, so that neither a refresh under way nor a rename
//! overtakes the other.

use std::sync::Arc;

use latchkey_protocol::{BrowserId, ConnectionId, ConnectionView, Problem, ProblemCode, SignInId};

use crate::choices::{Choices, LONGEST_ALIAS, alias};
use crate::connection::{Connection, Standing};
use crate::live::{Parts, SignInCard, Slot};
use crate::store::{Renaming, StoreError};

/// Takes up what was said before this process started.
pub(crate) async fn load(parts: &Parts) -> Result<(), StoreError> {
    for (id, choices) in parts.store.choices().await? {
        if let Some(slot) = parts.slot(&id) {
            slot.write(|state| state.choices = choices);
        }
    }
    Ok(())
}

/// Gives a connection a name of the person's own; an empty one takes it away.
pub(crate) async fn rename(parts: &Parts, id: &ConnectionId, typed: &str) -> Result<ConnectionView, Problem> {
    let slot = parts.slot(id).ok_or_else(|| no_connection(id))?;
    let alias = alias(typed).map_err(|_| too_long(id))?;
    // Whoever signs in or disconnects holds it too, so the connection does not leave in between.
    let _epochs = parts.epochs.lock().await;
    let connection = connected(&slot)?;
    let saved = parts.store.rename(id, &connection.provider, alias.clone()).await;
    match saved.map_err(|error| told(id, error))? {
        Renaming::Saved => slot.write(|state| state.choices.alias = alias),
        Renaming::TakenBy(account) => return Err(taken(&connection, &alias.unwrap_or_default(), &account)),
    }
    parts.tell(&slot);
    Ok(parts.view_of(&slot))
}

/// Chooses the browser in which a connection signs in; none for the standard one.
pub(crate) async fn choose_browser(
    parts: &Parts,
    id: &ConnectionId,
    browser: Option<BrowserId>,
) -> Result<ConnectionView, Problem> {
    let slot = parts.slot(id).ok_or_else(|| no_connection(id))?;
    let _epochs = parts.epochs.lock().await;
    connected(&slot)?;
    parts.store.choose_browser(id, browser.clone()).await.map_err(|error| told(id, error))?;
    slot.write(|state| state.choices.browser = browser);
    parts.tell(&slot);
    Ok(parts.view_of(&slot))
}

/// The browser that was chosen for the connection which a sign-in renews.
pub(crate) fn browser_of(parts: &Parts, sign_in: &SignInId) -> Option<BrowserId> {
    let slot = parts.slot(parts.sign_in(sign_in)?.view.connection.as_ref()?)?;
    slot.read(|state| state.choices.browser.clone())
}

/// Notes on the card of a sign-in whether its browser was gone, so that the standard one was opened.
pub(crate) fn note_browser(parts: &Parts, sign_in: &SignInId, missing: bool) {
    let changed = parts.with_sign_ins(|sign_ins| {
        let live = sign_ins.iter_mut().find(|live| &live.view.id == sign_in)?;
        let changed = live.view.browser_missing != missing;
        live.view.browser_missing = missing;
        changed.then(|| SignInCard::of(&live.view))
    });
    if let Some(card) = changed {
        parts.tell_card(&card);
    }
}

/// An account that is kept in another way from here on takes along what the person said of it.
pub(crate) async fn carry(parts: &Parts, said: &Choices, to: &Connection) {
    let saved = async {
        if said.alias.is_some() {
            parts.store.rename(&to.id, &to.provider, said.alias.clone()).await?;
        }
        if said.browser.is_some() {
            parts.store.choose_browser(&to.id, said.browser.clone()).await?;
        }
        Ok::<(), StoreError>(())
    };
    if let Err(error) = saved.await {
        tracing::warn!(connection.id = %to.id, %error, "what was said of a connection is not saved");
    }
}

/// An imported connection gets the alias it had elsewhere, unless there is one here, or another one has it.
pub(crate) async fn adopt_alias(
    parts: &Parts,
    slot: &Arc<Slot>,
    imported: Option<&str>,
) -> Result<(), StoreError> {
    let Some(alias) = imported.and_then(|text| alias(text).ok()?) else { return Ok(()) };
    if slot.read(|state| state.choices.alias.is_some()) {
        return Ok(());
    }
    let provider = slot.connection().provider;
    if parts.store.rename(&slot.id, &provider, Some(alias.clone())).await? == Renaming::Saved {
        slot.write(|state| state.choices.alias = Some(alias));
        parts.tell(slot);
    }
    Ok(())
}

fn connected(slot: &Slot) -> Result<Connection, Problem> {
    let connection = slot.connection();
    match connection.standing {
        Standing::Good | Standing::Attention { .. } | Standing::Misconfigured { .. } => Ok(connection),
        Standing::Disconnecting { .. } => Err(no_connection(&slot.id)),
    }
}

fn told(id: &ConnectionId, error: StoreError) -> Problem {
    match error {
        StoreError::Superseded => no_connection(id),
        error @ (StoreError::Database { .. }
        | StoreError::Newer(_)
        | StoreError::Unreadable { .. }
        | StoreError::Closing) => Problem::from(error).about(id),
    }
}

fn too_long(id: &ConnectionId) -> Problem {
    let message = format!("An alias has at most {LONGEST_ALIAS} characters.");
    Problem::new(ProblemCode::InvalidInput, message).about(id).hint("Choose a shorter one.")
}

fn taken(connection: &Connection, alias: &str, account: &str) -> Problem {
    let message =
        format!("Another connection to {} is called “{alias}”: that of {account}.", connection.provider_name);
    Problem::new(ProblemCode::InvalidInput, message).about(&connection.id).hint("Choose another name.")
}

fn no_connection(id: &ConnectionId) -> Problem {
    Problem::new(ProblemCode::NotFound, "This connection does not exist any more.").about(id)
}
