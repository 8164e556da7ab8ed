//! Sign-ins that wait longer than a process lives: sealed in the database, taken up by the next one. An answer
//! may arrive before the key that opens them does.

use std::sync::Arc;

use latchkey_protocol::{Keep, SignInStage};
use tokio::sync::Notify;

use super::{complete, finish};
use crate::callback::AuthorizationResponse;
use crate::live::{LiveSignIn, Parts, SignInCard};
use crate::pending::PendingSignIn;
use crate::store::SealedSignIn;

/// Takes up the sign-ins that waited, or were being finished, when the process before this one ended.
pub(crate) async fn restore(parts: &Arc<Parts>, rows: Vec<SealedSignIn>) {
    for SealedSignIn { id, envelope, .. } in rows {
        let place = PendingSignIn::place(&id);
        let bytes = match parts.vault.open(Keep::Keychain, &place, &envelope).await {
            Ok(bytes) => bytes,
            Err(error) => {
                parts.early_answers.sealed(error.may_pass());
                continue;
            }
        };
        let Some(pending) = PendingSignIn::from_bytes(id, &bytes) else {
            continue;
        };
        let redeemed = pending.redeemed.is_some();
        let stage = if redeemed { SignInStage::Finishing } else { SignInStage::WaitingForBrowser };
        let view = pending.view(stage);
        let card = SignInCard::of(&view);
        let live = LiveSignIn { view, pending: Some(pending.clone()), stop: Arc::new(Notify::new()) };
        let replaced = parts.with_sign_ins(|sign_ins| {
            let newer = sign_ins.iter().any(|other| SignInCard::of(&other.view) == card);
            let replaced = newer && !redeemed;
            if !replaced {
                sign_ins.push(live);
            }
            replaced
        });
        if replaced {
            forget_row(parts, &pending).await;
            continue;
        }
        parts.tell_card(&card);
        if redeemed {
            let parts = parts.clone();
            let of = parts.clone();
            of.tasks.spawn(async move { drop(finish::establish(&parts, pending).await) });
        }
    }
    parts.due_changed.notify_one();
}

/// The same for a key that was not at hand when this process started, and what came for them meanwhile.
pub(crate) async fn restore_waiting(parts: &Arc<Parts>) {
    parts.early_answers.opening();
    let mut rows = parts.store.waiting_sign_ins(parts.now()).await.unwrap_or_default();
    rows.retain(|row| parts.sign_in(&row.id).is_none());
    restore(parts, rows).await;
    if !parts.early_answers.wait() {
        for response in parts.early_answers.take() {
            complete(parts, response).await;
        }
    }
}

/// Does so once the key is at hand. For the scheduler, at every pass.
pub(crate) fn take_up(parts: &Arc<Parts>) {
    if parts.early_answers.wait() && parts.vault.has_ring() {
        let of = parts.clone();
        let parts = of.clone();
        of.tasks.spawn(async move { restore_waiting(&parts).await });
    }
}

/// Completes a sign-in, or keeps the answer while the sign-in it may belong to is sealed under a key that is
/// not at hand. `false` when it is for nobody.
pub(super) async fn complete_or_keep(parts: &Arc<Parts>, response: AuthorizationResponse) -> bool {
    let known = |parts: &Parts| {
        let now = parts.now();
        parts.with_sign_ins(|sign_ins| sign_ins.iter().any(|live| live.waits_for(&response.state, now)))
    };
    if !known(parts) && parts.early_answers.wait() {
        restore_waiting(parts).await;
        if !known(parts) && parts.early_answers.wait() {
            parts.early_answers.keep(response);
            return true;
        }
    }
    complete(parts, response).await.is_some()
}

/// Keeps a waiting sign-in for the next process. Where that fails it waits in this one only.
pub(super) async fn remember(parts: &Parts, pending: &PendingSignIn) {
    if pending.keep == Keep::Memory {
        return;
    }
    let place = PendingSignIn::place(&pending.id);
    let sealed = parts.vault.seal(Keep::Keychain, &place, &pending.to_bytes(), &parts.entropy).await;
    let Ok(envelope) = sealed else { return };
    let row = SealedSignIn { id: pending.id.clone(), expires_at: pending.kept_until(), envelope };
    if let Err(error) = parts.store.keep_sign_in(row).await {
        tracing::warn!(%error, "a waiting sign-in will not survive a restart");
    }
}

pub(super) async fn forget_row(parts: &Parts, pending: &PendingSignIn) {
    if let Err(error) = parts.store.drop_sign_in(&pending.id).await {
        tracing::warn!(%error, "the row of a sign-in that has ended stays until it expires");
    }
}
