//! Signing in: begin, remember, recognise the answer. What follows the answer is in `sign_in/finish.rs`.
//!
//! Nothing that is connected changes before the new sign-in is stored: whoever gives up half-way keeps
//! what there was.

mod account;
mod admitted;
mod device;
mod endings;
mod faults;
mod finish;
mod led;
mod openid;
mod waiting;

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use latchkey_oidc::DpopKey;
use latchkey_protocol::{
    AttentionReason, ConnectionId, Keep, Problem, ProblemCode, Prompt, ProviderId, Redirect, SignInEnding,
    SignInId, SignInStage, SignInView,
};
use tokio::sync::Notify;
use url::Url;

use crate::callback::{self, Answer, AuthorizationResponse, Refusal};
use crate::clients;
use crate::connection::{Connection, Standing, Values};
use crate::flow::authorization_code::authorization_request;
use crate::flow::pushed;
use crate::live::{LiveSignIn, Parts, SignInCard};
use crate::loopback::{Listener, Page, Take};
use crate::pending::PendingSignIn;
use crate::prompt_answer::PromptAnswer;
use crate::provider::file::Pkce;
use crate::provider::{Protocol, Provider, RedirectKind};
use crate::view;

pub(crate) use admitted::adopt;
use waiting::{forget_row, remember};
pub(crate) use waiting::{restore, restore_waiting, take_up};

/// What a link led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callback {
    /// It is not for anybody: nothing happened.
    Ignored(Option<Refusal>),
    /// It ended a sign-in, or is about to.
    Taken,
}

/// What a person wants to sign in to.
pub(crate) struct Wish {
    pub(crate) provider: ProviderId,
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) keep: Keep,
    pub(crate) redirect: Option<Redirect>,
    /// Which server, by the provider's variables.
    pub(crate) variables: Values,
    pub(crate) purposes: Purposes,
}

/// What the person allows.
pub(crate) enum Purposes {
    /// These; where nobody has chosen, those of the provider file.
    Chosen(Option<Vec<String>>),
    /// What was asked for before, and these.
    Further {
        /// Scopes that were asked for before.
        asked: Vec<String>,
        /// Purposes.
        more: Vec<String>,
    },
}

/// Begins a sign-in. The URL, where it begins in the browser, is for that alone.
pub(crate) async fn begin(parts: &Arc<Parts>, wish: Wish) -> Result<(SignInView, Option<Url>), Problem> {
    let known = parts.catalog.provider(&wish.provider).ok_or_else(|| no_provider(&wish.provider))?;
    match known.file.protocol {
        Protocol::Oauth2 | Protocol::Oidc | Protocol::Oauth1 => {}
        Protocol::Pocketbase => return led::begin(parts, wish).await.map(|view| (view, None)),
    }
    let others = others_need_the_key(parts, wish.connection.as_ref());
    let (provider, wish) = server(parts, wish)?;
    clients::check(parts, &provider, &wish.variables)?;
    parts.vault.prepare(wish.keep, others, &parts.entropy).await?;
    let (provider, discovered) = openid::discovered(parts, provider).await?;
    let client = clients::for_sign_in(parts, &provider, &wish.variables).await?;
    let provider = Arc::new(provider.filled(&Values::from([("client_id".to_owned(), client.id.clone())])));
    let redirect = choose_redirect(parts, &provider, wish.redirect);
    if redirect == Redirect::DeviceCode {
        return device::begin(parts, provider, wish, client, discovered).await.map(|view| (view, None));
    }
    let (redirect_uri, listener) = way_back(&provider, redirect).await?;
    let mut pending = pending(parts, provider, wish, client.id.clone(), redirect, redirect_uri)?;
    pending.discovered = discovered;
    if let Some(url) = pushed::push(&parts.http, &pending.by, &client, &pending.url).await? {
        pending.url = url;
    }
    let view = pending.view(SignInStage::WaitingForBrowser);
    replace(parts, &SignInCard::of(&view)).await;
    if redirect == Redirect::DeepLink {
        remember(parts, &pending).await;
    }
    let live = LiveSignIn {
        view: view.clone(),
        pending: Some(pending.clone()),
        talk: None,
        stop: Arc::new(Notify::new()),
    };
    if let Some(listener) = listener {
        listen(parts, listener, &live);
    }
    parts.with_sign_ins(|sign_ins| sign_ins.push(live));
    parts.tell_card(&SignInCard::of(&view));
    parts.due_changed.notify_one();
    Ok((view, Some(pending.url)))
}

/// The provider of a wish on the server that the wish names and for what it asks, if it can be connected to.
fn server(parts: &Parts, wish: Wish) -> Result<(Provider, Wish), Problem> {
    let known = parts.catalog.provider(&wish.provider).ok_or_else(|| no_provider(&wish.provider))?;
    if let Some(reason) = &known.file.availability.reason {
        let message = format!("{} cannot be connected from here: {reason}", known.file.name);
        return Err(
            Problem::new(ProblemCode::Misconfigured, message).hint("Nothing you can do here changes that.")
        );
    }
    let variables = known.file.values(&wish.variables).map_err(|(_, variable)| {
        let message = format!("{} is missing, or is not {}.", variable.words, variable.pattern.in_words());
        Problem::new(ProblemCode::InvalidInput, message).hint("Put it right and sign in again.")
    })?;
    let provider = known.filled(&variables);
    let provider = provider.asking(&scopes(&provider, &wish.purposes)?);
    Ok((provider, Wish { variables, ..wish }))
}

fn scopes(provider: &Provider, purposes: &Purposes) -> Result<Vec<String>, Problem> {
    let scopes = match purposes {
        Purposes::Chosen(chosen) => provider.scopes_for(chosen.as_deref()),
        Purposes::Further { asked, more } => provider.scopes_again(asked, more),
    };
    scopes.map_err(|error| {
        let message = format!("{}: {error}.", provider.file.name);
        Problem::new(ProblemCode::InvalidInput, message).hint("Choose among those that its card shows.")
    })
}

fn pending(
    parts: &Parts,
    provider: Arc<Provider>,
    wish: Wish,
    client_id: String,
    redirect: Redirect,
    redirect_uri: String,
) -> Result<PendingSignIn, Problem> {
    let (state, verifier) = (parts.entropy.text(), parts.entropy.text());
    let nonce = provider.file.verified_issuer().map(|_| parts.entropy.text().into());
    let key = key_for(&provider)?;
    let (nonce_sent, bound_to) = (nonce.as_ref(), key.as_ref());
    let request =
        authorization_request(&provider, &client_id, &redirect_uri, state, verifier, nonce_sent, bound_to);
    let request = request.map_err(|error| {
        Problem::new(ProblemCode::Misconfigured, format!("{}: {error}.", provider.file.name))
    })?;
    let id = SignInId::try_from(parts.entropy.id("s-")).map_err(|error| internal(&error))?;
    let challenged = provider.file.authorization.pkce != Pkce::Unsupported;
    Ok(PendingSignIn {
        id,
        provider: wish.provider,
        connection: wish.connection,
        keep: wish.keep,
        redirect,
        redirect_uri,
        by: provider,
        variables: wish.variables,
        client_id,
        state: request.state,
        verifier: challenged.then_some(request.verifier),
        nonce,
        key,
        discovered: Values::new(),
        url: request.url,
        started_at: parts.now(),
        redeemed: None,
    })
}

/// A key of its own for a sign-in whose tokens are going to be bound to one.
fn key_for(provider: &Provider) -> Result<Option<Arc<DpopKey>>, Problem> {
    let key = provider.file.authorization.dpop.then(DpopKey::generate).transpose();
    key.map(|key| key.map(Arc::new)).map_err(|error| internal(&error))
}

/// Answers what a sign-in asks. The URL, where the browser is next, is for that alone.
pub(crate) async fn answer(
    parts: &Arc<Parts>,
    id: &SignInId,
    answer: PromptAnswer,
) -> Result<Option<Url>, Problem> {
    let (for_task, id) = (parts.clone(), id.clone());
    // A caller that hangs up must not leave a sign-in half taken.
    let done = parts.tasks.run(async move { led::answer(&for_task, &id, answer).await });
    done.await.unwrap_or_else(|| Err(gone()))
}

/// Reads a link of the operating system and acts on it.
pub(crate) async fn complete_link(parts: &Arc<Parts>, raw: &str) -> Callback {
    match callback::parse_link(raw) {
        Ok(response) => {
            let for_task = parts.clone();
            // A caller that hangs up must not leave a sign-in half taken.
            let taken = parts.tasks.run(async move { waiting::complete_or_keep(&for_task, response).await });
            if taken.await == Some(true) { Callback::Taken } else { Callback::Ignored(None) }
        }
        Err(refusal) => Callback::Ignored(Some(refusal)),
    }
}

/// The end of a sign-in on its way; `None` when the engine ends first.
type Finishing = BoxFuture<'static, Option<Page>>;

/// Finds the sign-in an answer belongs to and takes it out of waiting, once. `None` when there is none.
pub(crate) async fn complete(parts: &Arc<Parts>, response: AuthorizationResponse) -> Option<Finishing> {
    let pending = take(parts, &response)?;
    forget_row(parts, &pending).await;
    if pending.provider != response.context {
        return Some(mixed_up(parts, &pending, &response.context).await);
    }
    if let Some(problem) = wrong_issuer(&pending, response.issuer.as_deref()) {
        return Some(ended(parts, &pending, SignInEnding::Failed { problem }));
    }
    let parts = parts.clone();
    match response.answer {
        Answer::Code(code) => {
            parts.tell_card(&SignInCard::of(&pending.view(SignInStage::Finishing)));
            let of = parts.clone();
            let brought = kept_of(&pending.by, &response.others);
            let led = parts.sign_in(&pending.id).is_some_and(|live| live.talk.is_some());
            let work = async move {
                if led {
                    led::code_came(&parts, pending, code).await
                } else {
                    finish::exchange(&parts, pending, code, brought).await
                }
            };
            Some(of.tasks.run(work).boxed())
        }
        Answer::Error { error, description } if error == "access_denied" => {
            Some(ended(&parts, &pending, SignInEnding::Declined { provider_text: description }))
        }
        Answer::Error { error, description } => {
            let said = description.unwrap_or_else(|| crate::text::displayable(&error).unwrap_or_default());
            let message = format!("The provider ended the sign-in: {said}.");
            let problem = Problem::new(ProblemCode::Misconfigured, message).hint("Try again.");
            Some(ended(&parts, &pending, SignInEnding::Failed { problem }))
        }
        Answer::Malformed => {
            let message = "The provider's answer is malformed, so it was not used.";
            let problem = Problem::new(ProblemCode::Misconfigured, message).hint("Try again.");
            Some(ended(&parts, &pending, SignInEnding::Failed { problem }))
        }
    }
}

/// What of a redirect is to be kept.
fn kept_of(provider: &Provider, parameters: &Values) -> Values {
    let kept = provider.file.keep.iter().filter_map(|(name, kept)| {
        let value = parameters.get(kept.redirect.as_ref()?)?;
        Some((name.clone(), kept.admit(value)?))
    });
    kept.collect()
}

fn take(parts: &Parts, response: &AuthorizationResponse) -> Option<PendingSignIn> {
    let now = parts.now();
    parts.with_sign_ins(|sign_ins| {
        let live = sign_ins.iter_mut().find(|live| live.waits_for(&response.state, now))?;
        live.view.stage = SignInStage::Finishing;
        live.pending.clone()
    })
}

/// The answer of one provider came back on another's path: somebody mixes them up. Neither is used.
async fn mixed_up(parts: &Arc<Parts>, pending: &PendingSignIn, context: &ProviderId) -> Finishing {
    let problem = || {
        let message = "An answer came back on the path of another provider, so it was not used.";
        Problem::new(ProblemCode::Misconfigured, message)
            .hint("Try again; if it happens again, check the provider's settings.")
    };
    let other = parts.with_sign_ins(|sign_ins| {
        let waiting = sign_ins
            .iter()
            .find(|live| &live.view.provider == context && live.view.stage == SignInStage::WaitingForBrowser);
        waiting.and_then(|live| live.pending.clone())
    });
    if let Some(other) = other {
        forget_row(parts, &other).await;
        drop(ended(parts, &other, SignInEnding::Failed { problem: problem() }));
    }
    ended(parts, pending, SignInEnding::Failed { problem: problem() })
}

fn wrong_issuer(pending: &PendingSignIn, issuer: Option<&str>) -> Option<Problem> {
    let authorization = &pending.by.file.authorization;
    let wrong = match (&authorization.issuer, issuer) {
        (Some(expected), Some(issuer)) => expected != issuer,
        (Some(_), None) => authorization.issuer_in_answer,
        (None, Some(_) | None) => false,
    };
    let message = "The answer names another issuer than the provider, so it was not used.";
    wrong.then(|| Problem::new(ProblemCode::Misconfigured, message).hint("Try again."))
}

/// Ends a sign-in without success and shows how, on its card.
fn ended(parts: &Arc<Parts>, pending: &PendingSignIn, ending: SignInEnding) -> Finishing {
    let page = finish::end(parts, pending, ending);
    async move { Some(page) }.boxed()
}

/// Gives a sign-in up, or dismisses how it ended.
pub(crate) async fn cancel(parts: &Arc<Parts>, id: &SignInId) -> Result<(), Problem> {
    let live = parts.sign_in(id).ok_or_else(gone)?;
    remove(parts, &live).await;
    parts.tell_card(&SignInCard::of(&live.view));
    Ok(())
}

/// Where the browser goes for a sign-in that waits.
pub(crate) fn link(parts: &Parts, id: &SignInId) -> Result<Url, Problem> {
    let has_page = |stage: &SignInStage| match stage {
        SignInStage::WaitingForBrowser => true,
        SignInStage::Asking { prompt, .. } => matches!(prompt, Prompt::EnterCode { .. }),
        SignInStage::Finishing | SignInStage::Ended { .. } => false,
    };
    let live = parts.sign_in(id).filter(|live| has_page(&live.view.stage));
    Ok(live.and_then(|live| live.pending).ok_or_else(gone)?.url)
}

/// Ends the sign-ins whose time is over.
pub(crate) async fn expire(parts: &Arc<Parts>) {
    let now = parts.now();
    let over: Vec<_> = parts.with_sign_ins(|sign_ins| {
        let over = |live: &&LiveSignIn| {
            live.view.stage == SignInStage::WaitingForBrowser && live.view.expires_at <= now
        };
        sign_ins.iter().filter(over).filter_map(|live| live.pending.clone()).collect()
    });
    led::expire(parts);
    for pending in over {
        forget_row(parts, &pending).await;
        drop(ended(parts, &pending, SignInEnding::Expired));
    }
}

/// A second sign-in for the same card replaces the first.
async fn replace(parts: &Arc<Parts>, card: &SignInCard) {
    let olds: Vec<_> = parts.with_sign_ins(|sign_ins| {
        sign_ins.iter().filter(|live| &SignInCard::of(&live.view) == card).cloned().collect()
    });
    for old in olds {
        remove(parts, &old).await;
    }
}

async fn remove(parts: &Parts, live: &LiveSignIn) {
    live.stop.notify_one();
    parts.with_sign_ins(|sign_ins| sign_ins.retain(|known| known.view.id != live.view.id));
    if let Some(pending) = &live.pending {
        forget_row(parts, pending).await;
    }
}

fn choose_redirect(parts: &Parts, provider: &Provider, wanted: Option<Redirect>) -> Redirect {
    let allowed = |redirect: &Redirect| match redirect {
        Redirect::DeepLink => provider.allows(RedirectKind::DeepLink) && parts.has_deep_links(),
        Redirect::Loopback => provider.allows(RedirectKind::Loopback),
        Redirect::DeviceCode => provider.file.device.is_some(),
    };
    let by_file = provider.file.authorization.redirects.iter().map(|kind| match kind {
        RedirectKind::DeepLink => Redirect::DeepLink,
        RedirectKind::Loopback => Redirect::Loopback,
    });
    wanted
        .into_iter()
        .chain(by_file)
        .chain([Redirect::DeviceCode])
        .find(allowed)
        .unwrap_or(Redirect::DeepLink)
}

async fn way_back(provider: &Provider, redirect: Redirect) -> Result<(String, Option<Listener>), Problem> {
    match redirect {
        Redirect::DeepLink | Redirect::DeviceCode => Ok((view::deep_link_uri(provider), None)),
        Redirect::Loopback => {
            let port = provider.file.authorization.loopback_port;
            let listener = Listener::bind(port.unwrap_or(0)).await.map_err(|error| {
                let message = match port {
                    None => format!("No port of this computer could be opened for the answer: {error}."),
                    Some(port) => format!("Port {port}, where the answer has to come, is in use: {error}."),
                };
                Problem::new(ProblemCode::Temporary, message).hint("Try again.")
            })?;
            Ok((format!("{}/oauth/{}", listener.origin(), provider.id), Some(listener)))
        }
    }
}

fn listen(parts: &Arc<Parts>, listener: Listener, live: &LiveSignIn) {
    let (for_take, id) = (parts.clone(), live.view.id.clone());
    let take: Take = Arc::new(move |target| {
        let (parts, id) = (for_take.clone(), id.clone());
        Box::pin(async move {
            let response = callback::parse_target(&target).ok()?;
            // Only its own sign-in: the state of another one is a stranger here.
            let own = parts.sign_in(&id).and_then(|live| live.pending)?.has_state(&response.state);
            let finishing = if own {
                complete(&parts, response).await?
            } else {
                return None;
            };
            finishing.await
        })
    });
    parts.tasks.spawn(listener.serve(take, parts.entropy.text(), live.stop.clone()));
}

/// Whether other sign-ins are sealed under the installation key, so that a missing one must not be replaced.
pub(crate) fn others_need_the_key(parts: &Parts, this: Option<&ConnectionId>) -> bool {
    let lost = |connection: &Connection| {
        let Standing::Attention { reason, .. } = &connection.standing else {
            return false;
        };
        *reason == AttentionReason::Unreadable
    };
    parts.slots().iter().any(|slot| {
        let connection = slot.connection();
        connection.keep == Keep::Keychain && Some(&connection.id) != this && !lost(&connection)
    })
}

fn no_provider(id: &ProviderId) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("There is no provider called {id}."))
        .hint("Check that its file is in the providers folder and has no mistake.")
}

fn gone() -> Problem {
    Problem::new(ProblemCode::NotFound, "This sign-in is over.").hint("Start a new one.")
}

fn internal(error: &impl std::fmt::Display) -> Problem {
    Problem::new(ProblemCode::Internal, format!("Something that cannot happen did: {error}."))
}
