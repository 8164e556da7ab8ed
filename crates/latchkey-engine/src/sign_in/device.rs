//! A sign-in by a code that the person types on a page of the provider's, on this computer or on another one
//! (RFC 8628). Nothing comes back from a browser: Latchkey asks until the provider says how it went.

use std::sync::{Arc, OnceLock};

use latchkey_protocol::{
    Problem, ProblemCode, Prompt, Redirect, SignInEnding, SignInId, SignInStage, SignInView,
};
use tokio::sync::Notify;
use url::Url;

use super::{Wish, endings, finish};
use crate::connection::Values;
use crate::credential::RegisteredClient;
use crate::flow::device::{self, DeviceCode, Polled};
use crate::flow::dialect::Dialect;
use crate::live::{LiveSignIn, Parts, SignInCard};
use crate::pending::PendingSignIn;
use crate::provider::Provider;
use crate::provider::file::check_url;

/// Asks for a code, shows it, and begins to ask what became of it.
pub(super) async fn begin(
    parts: &Arc<Parts>,
    provider: Arc<Provider>,
    wish: Wish,
    client: RegisteredClient,
    discovered: Values,
) -> Result<SignInView, Problem> {
    let code = ask(parts, &provider, &client).await?;
    let (prompt, page) = prompt(parts, &provider, &code)?;
    let pending = PendingSignIn { discovered, ..pending(parts, provider, wish, client.id.clone(), page)? };
    let mut view = pending.view(SignInStage::Asking { prompt, faults: Vec::new() });
    view.expires_at = parts.now().plus(left(parts, &code));
    super::replace(parts, &SignInCard::of(&view)).await;
    let stop = Arc::new(Notify::new());
    let live =
        LiveSignIn { view: view.clone(), pending: Some(pending.clone()), talk: None, stop: stop.clone() };
    parts.with_sign_ins(|sign_ins| sign_ins.push(live));
    parts.tell_card(&SignInCard::of(&view));
    parts.due_changed.notify_one();
    let of = parts.clone();
    parts.tasks.spawn(async move {
        tokio::select! {
            biased;
            () = stop.notified() => {}
            () = wait(&of, pending, client, code) => {}
        }
    });
    Ok(view)
}

fn pending(
    parts: &Parts,
    provider: Arc<Provider>,
    wish: Wish,
    client_id: String,
    page: Url,
) -> Result<PendingSignIn, Problem> {
    let key = super::key_for(&provider)?;
    let id = SignInId::try_from(parts.entropy.id("s-")).map_err(|error| super::internal(&error))?;
    Ok(PendingSignIn {
        id,
        provider: wish.provider,
        connection: wish.connection,
        keep: wish.keep,
        redirect: Redirect::DeviceCode,
        redirect_uri: String::new(),
        by: provider,
        variables: wish.variables,
        client_id,
        state: parts.entropy.text().into(),
        verifier: None,
        nonce: None,
        key,
        discovered: Values::new(),
        url: page,
        started_at: parts.now(),
        redeemed: None,
    })
}

async fn ask(parts: &Parts, provider: &Provider, client: &RegisteredClient) -> Result<DeviceCode, Problem> {
    let name = &provider.file.name;
    let Some(device) = &provider.file.device else {
        let message = format!("{name} cannot be signed in to with a code.");
        return Err(Problem::new(ProblemCode::InvalidInput, message).hint("Sign in with the browser."));
    };
    let dialect = Dialect::new(provider, client, parts.now());
    let scopes = &provider.file.authorization.scopes;
    device::begin(&parts.http, &dialect, device, scopes, parts.clock.as_ref())
        .await
        .map_err(|outcome| endings::problem(parts, name, outcome))
}

/// The code as it is shown, and the page. A page that is not protected is not opened and not shown.
fn prompt(parts: &Parts, provider: &Provider, code: &DeviceCode) -> Result<(Prompt, Url), Problem> {
    let page = |text: &str| check_url(text);
    let odd = || {
        let message = format!("{} gave a code that cannot be used.", provider.file.name);
        Problem::new(ProblemCode::Misconfigured, message).hint("Sign in with the browser.")
    };
    let bare = page(code.page()).map_err(|_| odd())?;
    let complete = code.complete_page().and_then(|text| page(text).ok());
    let complete = complete.filter(|complete| complete.origin() == bare.origin());
    let prompt = Prompt::EnterCode {
        user_code: code.user_code().ok_or_else(odd)?,
        verification_uri: bare.to_string(),
        verification_uri_complete: complete.as_ref().map(Url::to_string),
        expires_at: parts.now().plus(left(parts, code)),
    };
    Ok((prompt, complete.unwrap_or(bare)))
}

fn left(parts: &Parts, code: &DeviceCode) -> i64 {
    code.until.0.saturating_sub(parts.clock.boot().0)
}

/// Until the provider says how it went.
async fn wait(parts: &Arc<Parts>, pending: PendingSignIn, client: RegisteredClient, code: DeviceCode) {
    let (sent, date) = (parts.clock.boot(), OnceLock::new());
    let dialect = Dialect::new(&pending.by, &client, parts.now()).held_by(parts.holder(pending.key.as_ref()));
    let (polled, started) = device::poll(&parts.http, &dialect, &code, parts.clock.as_ref(), &date).await;
    parts.learn_time(dialect.token_url(), date.get().copied(), sent).await;
    let ending = match polled {
        Polled::Token(outcome) => {
            let of = parts.clone();
            // Whoever ends the program waits for what was granted to be saved.
            let finishing =
                async move { finish::redeem(&of, pending, outcome, started, Values::new()).await };
            drop(parts.tasks.run(finishing).await);
            return;
        }
        Polled::Declined(provider_text) => SignInEnding::Declined { provider_text },
        Polled::Expired => SignInEnding::Expired,
    };
    drop(finish::end(parts, &pending, ending));
}
