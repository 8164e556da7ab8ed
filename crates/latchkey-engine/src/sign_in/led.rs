//! A sign-in that is led in the window: one question, one answer, the next question, until the server lets the
//! person in. What is wrong with an answer is said at its field, and nothing is lost by it.

use std::sync::Arc;

use latchkey_protocol::{
    Keep, Problem, ProblemCode, Prompt, PromptFault, PromptField, Redirect, SignInEnding, SignInId,
    SignInMethod, SignInStage, SignInView,
};
use secrecy::SecretString;
use tokio::sync::Notify;
use url::Url;

use super::Wish;
use super::admitted::{self, Way};
use super::faults::{fault, faults, misread};
use crate::live::{LiveSignIn, Parts, SignInCard};
use crate::loopback::{Listener, Page};
use crate::pending::{LIFE_MS, PendingSignIn};
use crate::pocketbase::{Address, Admission, Mail, Realm, Redemption, Refusal, Session};
use crate::prompt_answer::PromptAnswer;
use crate::talk::{First, Mailed, Talk};

/// What an answer leads to.
enum Step {
    /// Another question, or the same one with what was wrong.
    Ask(Prompt, Vec<PromptFault>),
    /// The browser.
    Browse(Box<Way>, Option<Listener>),
    /// In.
    In(Session),
}

/// Begins with the first question that is open.
pub(super) async fn begin(parts: &Arc<Parts>, wish: Wish) -> Result<SignInView, Problem> {
    let known = wish.connection.as_ref().and_then(|id| parts.slot(id)).map(|slot| slot.connection());
    let mut talk = Talk::new(known.as_ref().map_or(Keep::Memory, |known| known.keep));
    let (prompt, faults) = match known.as_ref().and_then(|known| Address::from_key(&known.account.key)) {
        Some(Address { acting: Some(by), .. }) => return Err(not_ones_own(&by)),
        Some(Address { realm, .. }) => enter(parts, &mut talk, realm).await,
        None => (talk.ask_server(None), Vec::new()),
    };
    let now = parts.now();
    let view = SignInView {
        id: SignInId::try_from(parts.entropy.id("s-")).map_err(|error| super::internal(&error))?,
        provider: wish.provider,
        connection: wish.connection,
        stage: SignInStage::Asking { prompt, faults },
        redirect: wish.redirect.unwrap_or(Redirect::Loopback),
        by_code: false,
        browser_missing: false,
        started_at: now,
        expires_at: now.plus(LIFE_MS),
    };
    super::replace(parts, &SignInCard::of(&view)).await;
    let stop = Arc::new(Notify::new());
    let live = LiveSignIn { view: view.clone(), pending: None, talk: Some(talk), stop };
    parts.with_sign_ins(|sign_ins| sign_ins.push(live));
    parts.tell_card(&SignInCard::of(&view));
    parts.due_changed.notify_one();
    Ok(view)
}

fn not_ones_own(by: &str) -> Problem {
    let message = format!("{by} acts in the name of this account, which nobody has signed in to.");
    Problem::new(ProblemCode::InvalidInput, message)
        .hint("Act in its name again from the card of the superuser.")
}

/// Acts on an answer. The URL is for the browser alone.
pub(super) async fn answer(
    parts: &Arc<Parts>,
    id: &SignInId,
    answer: PromptAnswer,
) -> Result<Option<Url>, Problem> {
    let (mut talk, prompt) = take(parts, id)?;
    let step = match step(parts, id, &mut talk, &prompt, answer).await {
        Ok(step) => step,
        Err(problem) => {
            ask(parts, id, talk, prompt, Vec::new());
            return Err(problem);
        }
    };
    match step {
        Step::Ask(prompt, faults) => ask(parts, id, talk, prompt, faults),
        Step::In(session) => drop(admitted::signed_in(parts, id, &talk, session).await?),
        Step::Browse(way, listener) => {
            let url = way.url.clone();
            browse(parts, id, talk, *way, listener)?;
            return Ok(Some(url));
        }
    }
    Ok(None)
}

/// The talk and the question that is open; while it is taken out, nobody else's answer is worked on.
fn take(parts: &Parts, id: &SignInId) -> Result<(Talk, Prompt), Problem> {
    parts.with_sign_ins(|sign_ins| {
        let live = sign_ins.iter_mut().find(|live| &live.view.id == id).ok_or_else(super::gone)?;
        let SignInStage::Asking { prompt, .. } = live.view.stage.clone() else {
            return Err(super::gone());
        };
        let busy =
            || Problem::new(ProblemCode::Temporary, "The answer before this one is still being looked at.");
        Ok((live.talk.take().ok_or_else(busy)?, prompt))
    })
}

async fn step(
    parts: &Arc<Parts>,
    id: &SignInId,
    talk: &mut Talk,
    prompt: &Prompt,
    answer: PromptAnswer,
) -> Result<Step, Problem> {
    if let Some(fault) = too_early(parts, talk, &answer) {
        return Ok(Step::Ask(prompt.clone(), vec![fault]));
    }
    let (realm, http) = (talk.realm.clone(), &parts.http);
    match (answer, realm) {
        (PromptAnswer::Server { server, collection, keep }, _) => {
            serve(parts, talk, &server, &collection, keep).await
        }
        (PromptAnswer::Back, _) => Ok(Step::Ask(back(talk, prompt), Vec::new())),
        (_, None) => Ok(Step::Ask(talk.ask_server(None), Vec::new())),
        (PromptAnswer::Method { method }, Some(_)) => choose(parts, id, talk, method).await,
        (PromptAnswer::Password { identity, password }, Some(realm)) => {
            talk.identity = Some(identity.clone());
            let first = passed(talk);
            let admission =
                realm.with_password(http, identity.trim(), password.secret(), first.as_ref()).await;
            Ok(admit(parts, talk, prompt, &SignInMethod::Password, admission))
        }
        (PromptAnswer::Address { email }, Some(realm)) => {
            Ok(mail_code(parts, talk, prompt, &realm, email).await)
        }
        (PromptAnswer::OneTimeCode { code }, Some(realm)) => {
            let first = passed(talk);
            let Some(mailed) = talk.mailed.clone() else {
                return Ok(Step::Ask(talk.ask_address(), Vec::new()));
            };
            let admission =
                realm.with_code(http, &mailed.otp_id, &code.without_spaces(), first.as_ref()).await;
            Ok(admit(parts, talk, prompt, &SignInMethod::OneTimeCode, admission))
        }
        (PromptAnswer::Forgotten { email }, Some(realm)) => {
            let email = email.trim().to_owned();
            Ok(match realm.request_mail(http, Mail::Reset, &email).await {
                Ok(()) => Step::Ask(talk.ask_password(Some(email)), Vec::new()),
                Err(refusal) => refused(parts, talk, prompt, &refusal),
            })
        }
    }
}

/// A wait that the server asked for is kept without asking it again.
fn too_early(parts: &Parts, talk: &Talk, answer: &PromptAnswer) -> Option<PromptFault> {
    let asks_the_server = match answer {
        PromptAnswer::Back | PromptAnswer::Method { .. } => false,
        PromptAnswer::Server { .. }
        | PromptAnswer::Password { .. }
        | PromptAnswer::Address { .. }
        | PromptAnswer::OneTimeCode { .. }
        | PromptAnswer::Forgotten { .. } => true,
    };
    let until = talk.not_before.filter(|_| asks_the_server)?;
    let wait_ms = until.0.saturating_sub(parts.clock.boot().0);
    (wait_ms > 0).then(|| fault(parts, None, &Refusal::TooMany { wait_ms }))
}

fn passed(talk: &Talk) -> Option<SecretString> {
    talk.first.as_ref().map(|first| first.mfa_id.clone())
}

/// One question back: from a method to the choice of one, from there to the server.
fn back(talk: &mut Talk, prompt: &Prompt) -> Prompt {
    match prompt {
        Prompt::EnterOneTimeCode { .. } => talk.ask_address(),
        Prompt::EnterPassword { .. } | Prompt::EnterAddress { .. } if talk.open_methods().len() > 1 => {
            talk.ask_method()
        }
        Prompt::EnterServer { .. }
        | Prompt::ChooseMethod { .. }
        | Prompt::EnterPassword { .. }
        | Prompt::EnterAddress { .. }
        | Prompt::EnterCode { .. } => {
            talk.first = None;
            talk.ask_server(None)
        }
    }
}

async fn serve(
    parts: &Arc<Parts>,
    talk: &mut Talk,
    server: &str,
    collection: &str,
    keep: Keep,
) -> Result<Step, Problem> {
    talk.first = None;
    talk.keep = keep;
    let realm = match Realm::read(server, collection) {
        Ok(realm) => realm,
        Err(wrong) => {
            return Ok(Step::Ask(talk.ask_server(Some((server, collection))), vec![misread(wrong)]));
        }
    };
    if realm.is_of_superusers() {
        talk.keep = Keep::Memory;
    }
    let others = super::others_need_the_key(parts, None);
    parts.vault.prepare(talk.keep, others, &parts.entropy).await?;
    let (prompt, faults) = enter(parts, talk, realm).await;
    Ok(Step::Ask(prompt, faults))
}

/// Asks the server what it offers.
async fn enter(parts: &Arc<Parts>, talk: &mut Talk, realm: Realm) -> (Prompt, Vec<PromptFault>) {
    let answered = realm.methods(&parts.http).await;
    talk.realm = Some(realm);
    match answered {
        Ok(methods) => {
            talk.methods = methods;
            if talk.open_methods().is_empty() {
                let message = "This collection offers no way to sign in.".to_owned();
                let fault = PromptFault { field: Some(PromptField::Collection), message, retry_at: None };
                return (talk.ask_server(None), vec![fault]);
            }
            (talk.ask_method(), Vec::new())
        }
        Err(refusal) => {
            let field =
                if refusal == Refusal::NotFound { PromptField::Collection } else { PromptField::Server };
            (talk.ask_server(None), vec![fault(parts, Some(field), &refusal)])
        }
    }
}

async fn choose(
    parts: &Arc<Parts>,
    id: &SignInId,
    talk: &mut Talk,
    method: SignInMethod,
) -> Result<Step, Problem> {
    if !talk.open_methods().contains(&method) {
        return Ok(Step::Ask(talk.ask_method(), Vec::new()));
    }
    let name = match method {
        SignInMethod::Password => return Ok(Step::Ask(talk.ask_password(None), Vec::new())),
        SignInMethod::OneTimeCode => return Ok(Step::Ask(talk.ask_address(), Vec::new())),
        SignInMethod::Upstream { id, .. } => id,
    };
    let (way, listener) = admitted::way_to(parts, id, talk, &name).await?;
    let Some(way) = way else {
        let message = "This service cannot be used: its page is not protected by https.".to_owned();
        return Ok(Step::Ask(talk.ask_method(), vec![PromptFault { field: None, message, retry_at: None }]));
    };
    talk.upstream = Some(name);
    Ok(Step::Browse(Box::new(way), listener))
}

async fn mail_code(parts: &Parts, talk: &mut Talk, prompt: &Prompt, realm: &Realm, email: String) -> Step {
    let email = email.trim().to_owned();
    talk.identity = Some(email.clone());
    match realm.request_code(&parts.http, &email).await {
        Ok(otp_id) => {
            let expires_at = parts.now().plus(talk.code_life_ms());
            talk.mailed = Some(Mailed { otp_id, sent_to: email, expires_at });
            Step::Ask(talk.ask_code(), Vec::new())
        }
        Err(refusal) => refused(parts, talk, prompt, &refusal),
    }
}

fn admit(
    parts: &Parts,
    talk: &mut Talk,
    prompt: &Prompt,
    method: &SignInMethod,
    admission: Result<Admission, Refusal>,
) -> Step {
    match admission {
        Ok(Admission::SignedIn(session)) => Step::In(session),
        Ok(Admission::SecondMethod { mfa_id }) => {
            talk.first = Some(First { mfa_id, method: method.clone() });
            Step::Ask(talk.ask_method(), Vec::new())
        }
        Err(refusal) => refused(parts, talk, prompt, &refusal),
    }
}

/// The question that is open after a refusal, with what was wrong.
fn refused(parts: &Parts, talk: &mut Talk, prompt: &Prompt, refusal: &Refusal) -> Step {
    let next = match refusal {
        Refusal::StepOver => {
            talk.first = None;
            talk.ask_method()
        }
        Refusal::SameMethod | Refusal::MethodOff => talk.ask_method(),
        Refusal::TooMany { wait_ms } => {
            talk.not_before = Some(parts.clock.boot().plus(*wait_ms));
            prompt.clone()
        }
        Refusal::Input { .. }
        | Refusal::Dead
        | Refusal::RuleNotMet
        | Refusal::WrongCollection
        | Refusal::Forbidden(_)
        | Refusal::NotFound
        | Refusal::Redirected
        | Refusal::ProxyRefused
        | Refusal::Fault(_)
        | Refusal::Untrusted(_)
        | Refusal::Unreachable(_) => prompt.clone(),
    };
    Step::Ask(next, faults(parts, prompt, refusal))
}

/// Shows a question. Half a sign-in counts for as long as the server says; any other waits as long as the first.
fn ask(parts: &Arc<Parts>, id: &SignInId, talk: Talk, prompt: Prompt, faults: Vec<PromptFault>) {
    let half_life_s = talk.first.as_ref().map(|_| talk.methods.mfa.duration).filter(|life| *life > 0);
    let life_ms = half_life_s.map_or(LIFE_MS, |seconds| (1000 * seconds).min(LIFE_MS));
    let expires_at = parts.now().plus(life_ms);
    let view = parts.with_sign_ins(|sign_ins| {
        let live = sign_ins.iter_mut().find(|live| &live.view.id == id)?;
        let again =
            matches!(&live.view.stage, SignInStage::Asking { prompt: before, .. } if *before == prompt);
        live.view.stage = SignInStage::Asking { prompt, faults };
        // A wrong answer does not prolong the time that the first method of two counts.
        if !(again && talk.first.is_some()) {
            live.view.expires_at = expires_at;
        }
        live.talk = Some(talk);
        Some(live.view.clone())
    });
    if let Some(view) = view {
        parts.tell_card(&SignInCard::of(&view));
        parts.due_changed.notify_one();
    }
}

/// The browser takes over.
fn browse(
    parts: &Arc<Parts>,
    id: &SignInId,
    talk: Talk,
    way: Way,
    listener: Option<Listener>,
) -> Result<(), Problem> {
    let live = parts.with_sign_ins(|sign_ins| {
        let live = sign_ins.iter_mut().find(|live| &live.view.id == id).ok_or_else(super::gone)?;
        live.view.stage = SignInStage::WaitingForBrowser;
        live.view.redirect = way.redirect;
        let realm = talk.realm.as_ref().ok_or_else(super::gone)?;
        let provider = admitted::provider(parts, &live.view)?;
        live.pending = Some(admitted::pending(parts, provider, &live.view, realm, talk.keep, Some(way)));
        live.talk = Some(talk);
        Ok::<_, Problem>(live.clone())
    })?;
    if let Some(listener) = listener {
        super::listen(parts, listener, &live);
    }
    parts.tell_card(&SignInCard::of(&live.view));
    Ok(())
}

/// The browser came back with a code of the service.
pub(super) async fn code_came(parts: &Arc<Parts>, pending: PendingSignIn, code: SecretString) -> Page {
    let taken = parts.with_sign_ins(|sign_ins| {
        let live = sign_ins.iter_mut().find(|live| live.view.id == pending.id)?;
        admitted::close_soon(parts, live.stop.clone());
        live.stop = Arc::new(Notify::new());
        live.talk.take()
    });
    let Some(mut talk) = taken else { return given_up() };
    let (Some(realm), Some(upstream)) = (talk.realm.clone(), talk.upstream.take()) else { return given_up() };
    let (first, method) =
        (passed(&talk), SignInMethod::Upstream { id: upstream.clone(), name: String::new() });
    let Some(verifier) = &pending.verifier else { return given_up() };
    let from = Redemption { upstream: &upstream, code: &code, verifier, redirect_uri: &pending.redirect_uri };
    let admission = realm.with_upstream(&parts.http, &from, first.as_ref()).await;
    let choice = talk.ask_method();
    match admit(parts, &mut talk, &choice, &method, admission) {
        Step::In(session) => match admitted::signed_in(parts, &pending.id, &talk, session).await {
            Ok(page) => page,
            Err(_) => given_up(),
        },
        Step::Ask(prompt, faults) => {
            let title = if faults.is_empty() { "One more step" } else { "That did not work" };
            ask(parts, &pending.id, talk, prompt, faults);
            Page { title: title.into(), text: "Go on in Latchkey's window.".into() }
        }
        Step::Browse(..) => given_up(),
    }
}

fn given_up() -> Page {
    Page { title: "Not connected".into(), text: "This sign-in was given up in Latchkey.".into() }
}

/// Ends the questions whose time is over.
pub(super) fn expire(parts: &Parts) {
    let now = parts.now();
    let over: Vec<_> = parts.with_sign_ins(|sign_ins| {
        let asking = |live: &&mut LiveSignIn| {
            matches!(live.view.stage, SignInStage::Asking { .. }) && live.view.expires_at <= now
        };
        let end = |live: &mut LiveSignIn| {
            live.view.stage = SignInStage::Ended { ending: SignInEnding::Expired };
            live.talk = None;
            live.view.clone()
        };
        sign_ins.iter_mut().filter(asking).map(end).collect()
    });
    for view in over {
        parts.tell_card(&SignInCard::of(&view));
    }
}
