//! The device flow (RFC 8628): a code for the person, and questions to the token endpoint until they have typed it.
//! The `oauth2` crate keeps to the interval, slows down when it is told to, and backs off where nothing answers.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use latchkey_protocol::Timestamp;
use oauth2::basic::BasicClient;
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, DeviceAuthorizationUrl, DeviceCodeErrorResponse,
    DeviceCodeErrorResponseType, HttpRequest, HttpResponse, RequestTokenError, Scope,
    StandardDeviceAuthorizationResponse, TokenUrl,
};
use secrecy::SecretString;

use super::authorization_code::{self, TokenOutcome};
use super::dialect::{Aside, Dialect};
use super::token_answer::{Granted, SendFailure, TokenSender};
use crate::clock::{Boot, Clock};
use crate::http::Http;
use crate::provider::file::Device;
use crate::text::displayable;

/// Seconds between two questions at the most, while nothing answers (RFC 8628 3.5 asks for a backoff).
const LONGEST_INTERVAL: Duration = Duration::from_mins(1);
/// Milliseconds that a code counts at the most.
const LONGEST_LIFE_MS: i64 = 1_800_000;

/// What the device authorization endpoint gave (RFC 8628 3.2).
pub(crate) struct DeviceCode {
    answer: StandardDeviceAuthorizationResponse,
    /// When it does not count any more.
    pub(crate) until: Boot,
}

impl DeviceCode {
    /// What the person types. It is no secret (RFC 8628 5.1).
    pub(crate) fn user_code(&self) -> Option<String> {
        displayable(self.answer.user_code().secret())
    }

    /// The page where it is typed.
    pub(crate) fn page(&self) -> &str {
        self.answer.verification_uri().as_str()
    }

    /// The page with the code filled in.
    pub(crate) fn complete_page(&self) -> Option<&str> {
        self.answer.verification_uri_complete().map(|uri| uri.secret().as_str())
    }
}

/// How the questions ended.
pub(crate) enum Polled {
    /// As any call of the token endpoint: above all with tokens.
    Token(TokenOutcome),
    /// The person declined.
    Declined(Option<String>),
    /// Nobody typed the code in time.
    Expired,
}

/// Asks for a code (RFC 8628 3.1).
pub(crate) async fn begin(
    http: &Http,
    dialect: &Dialect<'_>,
    device: &Device,
    scopes: &[String],
    clock: &dyn Clock,
) -> Result<DeviceCode, TokenOutcome> {
    let refused = |text: &str| TokenOutcome::RequestRefused { text: displayable(text) };
    let url = DeviceAuthorizationUrl::new(device.url.clone()).map_err(|error| refused(&error.to_string()))?;
    let client = BasicClient::new(ClientId::new(dialect.client_id().to_owned()))
        .set_auth_type(AuthType::RequestBody)
        .set_device_authorization_url(url);
    let mut request = client.exchange_device_code();
    if device.scope_parameter == "scope" {
        request = request.add_scopes(scopes.iter().cloned().map(Scope::new));
    } else {
        request = request.add_extra_param(&device.scope_parameter, scopes.join(" "));
    }
    let (date, aside) = (OnceLock::new(), OnceLock::new());
    let sender = TokenSender { http, dialect, date: &date, aside: &aside };
    let asked = clock.boot();
    let answer: StandardDeviceAuthorizationResponse = match request.request_async(&sender).await {
        Ok(answer) => answer,
        Err(error) => return Err(authorization_code::refusal(error, dialect)),
    };
    let life = i64::try_from(answer.expires_in().as_millis()).unwrap_or(LONGEST_LIFE_MS);
    Ok(DeviceCode { answer, until: asked.plus(life.min(LONGEST_LIFE_MS)) })
}

/// Asks until there is an answer (RFC 8628 3.4, 3.5). `date` is set to what the first answer says of the provider's
/// clock. With the end comes the moment at which the question left that it answers.
pub(crate) async fn poll(
    http: &Http,
    dialect: &Dialect<'_>,
    code: &DeviceCode,
    clock: &dyn Clock,
    date: &OnceLock<Timestamp>,
) -> (Polled, Timestamp) {
    let Ok(url) = TokenUrl::new(dialect.token_url().to_owned()) else {
        return (Polled::Token(TokenOutcome::RequestRefused { text: None }), clock.wall());
    };
    let client = BasicClient::new(ClientId::new(dialect.client_id().to_owned()))
        .set_auth_type(AuthType::RequestBody)
        .set_token_uri(url);
    let sender = Poller { http, dialect, date, clock, last: Mutex::default() };
    let sleep = |interval: Duration| {
        let interval = i64::try_from(interval.as_millis()).unwrap_or(LONGEST_LIFE_MS);
        clock.sleep_until(clock.boot().plus(interval.max(sender.take_wait())))
    };
    // The first question waits as well: nobody has typed anything yet.
    sleep(code.answer.interval()).await;
    let left = code.until.0.saturating_sub(clock.boot().0);
    let left = Duration::from_millis(u64::try_from(left).unwrap_or_default());
    let request = client
        .exchange_device_access_token(&code.answer)
        .set_time_fn(|| moment(clock.boot()))
        .set_max_backoff_interval(LONGEST_INTERVAL);
    let answer = request.request_async(&sender, sleep, Some(left)).await;
    let secret = SecretString::from(code.answer.device_code().secret().as_str());
    let mut last = sender.last();
    let polled = match answer {
        Ok(answer) => {
            let granted = Granted { aside: std::mem::take(&mut last.aside), ..Granted::from(answer) };
            Polled::Token(TokenOutcome::Granted(granted))
        }
        Err(RequestTokenError::ServerResponse(answer)) => refused(&answer, &secret, dialect),
        Err(RequestTokenError::Request(failure)) => Polled::Token(authorization_code::unanswered(failure)),
        Err(RequestTokenError::Parse(..) | RequestTokenError::Other(_)) => {
            let text = "the answer is not what RFC 8628 describes".to_owned();
            Polled::Token(TokenOutcome::Ambiguous { text, by_provider: true })
        }
    };
    (polled, last.sent_at.unwrap_or_else(|| clock.wall()))
}

fn refused(answer: &DeviceCodeErrorResponse, code: &SecretString, dialect: &Dialect<'_>) -> Polled {
    match answer.error() {
        DeviceCodeErrorResponseType::AccessDenied => {
            let said = answer.error_description().map(|said| crate::text::without(said, &[code]));
            Polled::Declined(said.as_deref().and_then(displayable))
        }
        DeviceCodeErrorResponseType::ExpiredToken => Polled::Expired,
        DeviceCodeErrorResponseType::AuthorizationPending | DeviceCodeErrorResponseType::SlowDown => {
            Polled::Expired
        }
        DeviceCodeErrorResponseType::Basic(error) => {
            let answer = oauth2::basic::BasicErrorResponse::new(
                error.clone(),
                answer.error_description().cloned(),
                None,
            );
            let sent: Vec<_> = [Some(code), dialect.secret()].into_iter().flatten().collect();
            Polled::Token(authorization_code::refused(&answer, &sent))
        }
    }
}

/// The boot clock as the crate takes one: it only ever compares.
fn moment(boot: Boot) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(boot.0).unwrap_or_default()
}

/// Sends many questions.
struct Poller<'h> {
    http: &'h Http,
    dialect: &'h Dialect<'h>,
    date: &'h OnceLock<Timestamp>,
    clock: &'h dyn Clock,
    last: Mutex<Last>,
}

/// The last question and its answer.
#[derive(Default)]
struct Last {
    sent_at: Option<Timestamp>,
    aside: Aside,
    /// Milliseconds that the provider asked to wait.
    wait_ms: i64,
}

impl Poller<'_> {
    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_wait(&self) -> i64 {
        std::mem::take(&mut self.last().wait_ms)
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, SendFailure> {
        let (aside, sent_at) = (OnceLock::new(), self.clock.wall());
        let sender = TokenSender { http: self.http, dialect: self.dialect, date: self.date, aside: &aside };
        let answer = sender.call(request).await;
        let wait_ms = match &answer {
            Err(SendFailure::Throttled { retry_after }) => retry_after.wait_ms(self.clock.wall()),
            Ok(_) | Err(_) => 0,
        };
        let aside = aside.into_inner().unwrap_or_default();
        *self.last() = Last { sent_at: Some(sent_at), aside, wait_ms };
        answer
    }
}

impl<'c> AsyncHttpClient<'c> for Poller<'_> {
    type Error = SendFailure;
    type Future = BoxFuture<'c, Result<HttpResponse, SendFailure>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
