//! The façade: one method per operation, start and shutdown.

mod accounts;
mod backup;
mod choosing;
mod clients;
mod protection;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use latchkey_protocol::{
    ConnectionId, ConnectionView, Diagnosis, Event, EventBody, HealthChange, HistoryEntry, Incident, Keep,
    NoticesDue, Overview, Problem, ProblemCode, ProviderId, Redirect, SignInId, SignInView,
};
use tokio::sync::{broadcast, watch};
use url::Url;

use crate::clock::Clock;
use crate::connection::{Connection, Standing};
use crate::data_folder::{self, Unfit};
use crate::discord::Discord;
use crate::edges::Edges;
use crate::entropy::{Entropy, SharedEntropy};
use crate::http::Http;
use crate::lend::{self, LentToken};
pub use crate::live::Environment;
use crate::live::{Outside, Parts};
use crate::owner_lock::{NotOwner, OwnerLock};
use crate::planted::{Planted, planted};
use crate::prompt_answer::PromptAnswer;
use crate::provider::{Catalog, Provider};
use crate::refresh;
use crate::rotation::RotationFolder;
pub use crate::sign_in::Callback;
use crate::sign_in::{self, Purposes, Wish};
use crate::spotify::Spotify;
use crate::store::{SealedSignIn, Store, StoreError};
use crate::surroundings::SurroundingsChange;
use crate::vault::{KeyPlace, KeychainFactory, KeychainThread, Vault};
use crate::{call, check, comeback, diagnose, disconnect, notices, overview, personal, scheduler, view};

/// The longest that an end of the program is put off, in milliseconds: one request whose answer comes late.
const FAREWELL_MS: i64 = 20_000;
/// Entries of history that are shown.
const HISTORY_SHOWN: u32 = 200;

/// What an engine is started with.
pub struct Options {
    /// Where the database is. Made if missing, for this user only.
    pub data_dir: PathBuf,
    /// Where the person's own provider files are, in `providers/`.
    pub config_dir: PathBuf,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Box<dyn Entropy>,
    /// The keychain.
    pub keychain: KeychainFactory,
    /// Variables of the environment.
    pub environment: Environment,
    /// Disk, network and locks: `Edges::default()` outside of tests.
    pub edges: Edges,
}

/// Why an engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process owns the folder, or it cannot be known.
    #[error(transparent)]
    NotOwner(#[from] NotOwner),
    /// The data folder cannot be made or protected.
    #[error("the data folder {path} cannot be used: {source}")]
    DataFolder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The data folder is no place for sign-ins.
    #[error("the data folder {path} is no place for sign-ins: {why}")]
    UnfitFolder {
        /// The folder.
        path: PathBuf,
        /// Why.
        why: Unfit,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The owner of a person's sign-ins.
pub struct Engine {
    parts: Arc<Parts>,
    restored: watch::Receiver<bool>,
    _lock: Option<OwnerLock>,
}

impl Engine {
    /// Takes ownership of the data folder and starts keeping its connections alive. Must be called within a
    /// tokio runtime.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let Options { data_dir, config_dir, clock, entropy, keychain, environment, edges } = options;
        prepare_folder(&data_dir)
            .map_err(|source| StartError::DataFolder { path: data_dir.clone(), source })?;
        data_folder::examine(&data_dir)
            .map_err(|why| StartError::UnfitFolder { path: data_dir.clone(), why })?;
        let lock = if edges.shared { None } else { Some(OwnerLock::acquire(&data_dir)?) };
        let (store, damage) = match edges.disk {
            Some(disk) => (Store::simulated(disk)?, None),
            None => Store::open(&data_dir)?,
        };
        let entropy = SharedEntropy::new(entropy);
        let installation = store.installation_id(entropy.id("i-")).await?;
        let keychain = match edges.keychain {
            Some(pause) => KeychainThread::simulated(keychain, pause),
            None => KeychainThread::spawn(keychain),
        };
        let vault = Vault::new(keychain, installation, &entropy);
        place_key(&store, &vault).await?;
        let (connections, unreadable) = store.connections().await?;
        let damage = damage.into_iter().chain(unreadable).collect();
        let sandbox = environment("LATCHKEY_SANDBOX_URL");
        let catalog = Catalog::load(&config_dir.join("providers"), sandbox.as_deref());
        let outside = Outside {
            http: Http::new(edges.network),
            rotations: edges.rotations.unwrap_or_else(|| Arc::new(RotationFolder::new(&data_dir))),
            environment,
        };
        let parts = Arc::new(Parts::new(clock, entropy, store, vault, catalog, damage, outside));
        load(&parts, connections).await?;
        // Read before anybody can begin another one, opened in the background: the keychain may take its time.
        let waiting = parts.store.waiting_sign_ins(parts.now()).await.unwrap_or_default();
        let (restoring, restored) = watch::channel(false);
        parts.tasks.spawn(restore(parts.clone(), waiting, restoring));
        // First what may be lost, then what is due.
        resume(&parts).await?;
        parts.tasks.spawn(scheduler::run(parts.clone()));
        Ok(Self { parts, restored, _lock: lock })
    }

    /// Says whether links of Latchkey's scheme reach this process. Where they do not, sign-ins come back over
    /// a port of this computer.
    pub fn set_deep_links(&self, work: bool) {
        self.parts.set_deep_links(work);
    }

    /// Everything a window draws.
    pub fn overview(&self) -> Overview {
        overview::overview(&self.parts)
    }

    /// The connections, oldest first, for whoever needs no catalogue.
    pub fn connections(&self) -> Vec<ConnectionView> {
        overview::connections(&self.parts)
    }

    /// The overview as a first event, and every event after it.
    pub fn watch(&self) -> (Event, broadcast::Receiver<Event>) {
        let events = self.parts.events.subscribe();
        // Read first: what happens while the overview is made is told once more, never not at all.
        let number = self.parts.events.last();
        let body = EventBody::Overview { overview: self.overview() };
        (Event { number, body }, events)
    }

    /// Tells every listener everything anew.
    pub fn retell(&self) {
        overview::retell(&self.parts);
    }

    /// Begins to sign in to a new account on the server that `variables` name, for the chosen purposes. What is
    /// left out is the provider's default. The URL, where it begins in the browser, is for that alone.
    pub async fn begin_sign_in(
        &self,
        provider: ProviderId,
        variables: BTreeMap<String, String>,
        keep: Keep,
        redirect: Option<Redirect>,
        purposes: Option<Vec<String>>,
    ) -> Result<(SignInView, Option<Url>), Problem> {
        let purposes = Purposes::Chosen(purposes);
        let wish = Wish { provider, connection: None, keep, redirect, variables, purposes };
        sign_in::begin(&self.parts, wish).await
    }

    /// Begins to sign in again to an account that is connected, for what was asked before and `further`
    /// purposes. What there is stays until that succeeds.
    pub async fn reconnect(
        &self,
        connection: ConnectionId,
        redirect: Option<Redirect>,
        further: Vec<String>,
    ) -> Result<(SignInView, Option<Url>), Problem> {
        let slot = self.parts.slot(&connection);
        let known = slot.map(|slot| slot.connection()).ok_or_else(|| no_connection(&connection))?;
        let Connection { provider, keep, variables, grant, .. } = known;
        let purposes = Purposes::Further { asked: grant.asked, more: further };
        let wish = Wish { provider, connection: Some(connection), keep, redirect, variables, purposes };
        sign_in::begin(&self.parts, wish).await
    }

    /// Takes a link as the operating system hands it over. It is treated as hostile and never logged.
    pub async fn complete_sign_in(&self, raw: &str) -> Callback {
        // A link may be what started this process: the sign-in it belongs to is being read at this moment.
        let _ = self.restored.clone().wait_for(|restored| *restored).await;
        sign_in::complete_link(&self.parts, raw).await
    }

    /// Answers what a sign-in asks in the window; what comes of it is an event. The URL, where the browser is next,
    /// is for that alone.
    pub async fn answer_prompt(
        &self,
        sign_in: SignInId,
        answer: PromptAnswer,
    ) -> Result<Option<Url>, Problem> {
        sign_in::answer(&self.parts, &sign_in, answer).await
    }

    /// Gives up a sign-in, or dismisses how it ended.
    pub async fn cancel_sign_in(&self, sign_in: SignInId) -> Result<(), Problem> {
        sign_in::cancel(&self.parts, &sign_in).await
    }

    /// Where the browser goes for a sign-in that waits: for the browser or the clipboard alone.
    pub fn sign_in_link(&self, sign_in: &SignInId) -> Result<Url, Problem> {
        sign_in::link(&self.parts, sign_in)
    }

    /// Renews if due and asks the provider who this is.
    pub async fn check(&self, connection: ConnectionId) -> Result<ConnectionView, Problem> {
        check::check(&self.parts, &connection).await
    }

    /// Renews if due, asks who this is, makes one sample call, and reports all that is known.
    pub async fn diagnose(&self, connection: ConnectionId) -> Result<Diagnosis, Problem> {
        diagnose::diagnose(&self.parts, &connection).await
    }

    /// The last report of a connection as a text: for the clipboard.
    pub fn diagnosis_text(&self, connection: &ConnectionId) -> Result<String, Problem> {
        diagnose::text(&self.parts, connection)
    }

    /// Spotify's Web API for a connection. A connection to another provider is told so by each call.
    pub fn spotify(&self, connection: ConnectionId) -> Spotify<'_> {
        Spotify::new(&self.parts, connection)
    }

    /// Discord's API for a connection. A connection to another provider is told so by each call.
    pub fn discord(&self, connection: ConnectionId) -> Discord<'_> {
        Discord::new(&self.parts, connection)
    }

    /// Revokes and forgets. The end comes as an event.
    pub async fn disconnect(&self, connection: ConnectionId) -> Result<(), Problem> {
        disconnect::disconnect(&self.parts, &connection).await
    }

    /// Forgets a connection whose provider has not confirmed yet.
    pub async fn forget(&self, connection: ConnectionId) -> Result<(), Problem> {
        disconnect::forget(&self.parts, &connection).await
    }

    /// The redirect URI that a person registers at a provider.
    pub fn redirect_uri(&self, provider: &ProviderId) -> Result<String, Problem> {
        Ok(view::redirect_uri_to_register(self.provider(provider)?))
    }

    /// The page where a provider registers applications.
    pub fn register_page(&self, provider: &ProviderId) -> Result<Url, Problem> {
        let file = &self.provider(provider)?.file;
        page(file.client.register_url.as_deref(), &file.name)
    }

    /// The provider's page for removing access.
    pub fn manage_page(&self, connection: &ConnectionId) -> Result<Url, Problem> {
        let slot = self.parts.slot(connection).ok_or_else(|| no_connection(connection))?;
        let known = slot.connection();
        let provider = self.parts.provider_of(&known);
        page(provider.as_ref().and_then(|provider| provider.file.manage_url.as_deref()), &known.provider_name)
    }

    /// Lends the access token of a connection with at least `min_life_ms` milliseconds of life, renewing it
    /// first where it has less. Whoever stops waiting takes nothing with them.
    pub async fn lend(&self, connection: &ConnectionId, min_life_ms: i64) -> Result<LentToken, Problem> {
        lend::lend(&self.parts, connection, min_life_ms).await
    }

    /// What happened to a connection, newest first.
    pub async fn history(&self, connection: ConnectionId) -> Result<Vec<HistoryEntry>, Problem> {
        Ok(self.parts.store.history(&connection, HISTORY_SHOWN).await?)
    }

    /// How a connection was, newest first: a change wherever colour, grant or activity became another.
    pub async fn health_changes(&self, connection: ConnectionId) -> Result<Vec<HealthChange>, Problem> {
        Ok(self.parts.store.health_changes(&connection, HISTORY_SHOWN).await?)
    }

    /// What a person who does not look is to be told at this moment, and what is over. Asked every minute or
    /// so by a shell that shows notices, which then says what it did with [`Engine::notices_sent`].
    pub async fn notices_due(&self) -> Result<NoticesDue, Problem> {
        Ok(notices::due(&self.parts).await?)
    }

    /// The notices of these incidents were shown, or withdrawn.
    pub async fn notices_sent(&self, incidents: Vec<Incident>) -> Result<(), Problem> {
        Ok(notices::sent(&self.parts, &incidents).await?)
    }

    /// The person wants to hear of these tomorrow.
    pub async fn snooze_notices(&self, incidents: Vec<Incident>) -> Result<(), Problem> {
        Ok(notices::snooze(&self.parts, &incidents).await?)
    }

    /// The person does not want to hear of these again, unless they end and begin anew.
    pub async fn ignore_notices(&self, incidents: Vec<Incident>) -> Result<(), Problem> {
        Ok(notices::ignore(&self.parts, &incidents).await?)
    }

    /// A shell, or [`watch_system`](crate::watch_system), reports what happens around Latchkey.
    pub fn surroundings_changed(&self, change: SurroundingsChange) {
        comeback::report(&self.parts, change);
    }

    /// Before the program ends: begins no refresh any more, and waits, for twenty seconds at most, until those
    /// whose token has left have saved what came back. Killed instead, one of them may cost a sign-in.
    pub async fn close(&self) {
        self.parts.tasks.close();
        let until = self.parts.clock.boot().plus(FAREWELL_MS);
        tokio::select! {
            biased;
            () = self.parts.tasks.ended() => {}
            () = self.parts.clock.sleep_until(until) => {
                tracing::warn!("the program ends although a provider has not answered yet");
            }
        }
    }

    /// The program goes on after all.
    pub fn reopen(&self) {
        self.parts.tasks.reopen();
        self.parts.due_changed.notify_one();
    }

    fn provider(&self, id: &ProviderId) -> Result<&Arc<Provider>, Problem> {
        let none = || Problem::new(ProblemCode::NotFound, format!("There is no provider called {id}."));
        self.parts.catalog.provider(id).ok_or_else(none)
    }
}

impl Drop for Engine {
    /// Whatever runs stops where it is; [`Engine::close`] first costs nobody a sign-in.
    fn drop(&mut self) {
        self.parts.tasks.end();
    }
}

/// For this user only: the database holds no secret in the clear, and is nobody else's business.
fn prepare_folder(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Tells the vault where the person keeps the key. One that cannot be read stops the start: going on with the
/// keychain would be a choice that nobody made.
async fn place_key(store: &Store, vault: &Vault) -> Result<(), StoreError> {
    if let Some(text) = store.key_place().await? {
        let place = KeyPlace::from_text(&text).ok_or_else(|| store.unreadable("settings.key-place"))?;
        vault.set_place(place, None, None);
    }
    Ok(())
}

async fn load(parts: &Arc<Parts>, connections: Vec<Connection>) -> Result<(), StoreError> {
    parts.set_clients(parts.store.registrations().await?);
    for (host, minutes) in parts.store.clock_offsets().await? {
        parts.skew.remember(host, minutes, parts.clock.as_ref());
    }
    for mut connection in connections {
        if parts.provider_of(&connection).is_some() {
            connection.provider_is_back();
        }
        let slot = parts.publish(connection);
        refresh::remember_rate_limit(parts, &slot);
    }
    personal::load(parts).await?;
    call::remember_waits(parts).await?;
    Ok(())
}

async fn restore(parts: Arc<Parts>, waiting: Vec<SealedSignIn>, restoring: watch::Sender<bool>) {
    if matches!(parts.vault.place(), KeyPlace::KeyFile(_)) && parts.vault.ring().await.is_err() {
        overview::retell(&parts);
    }
    sign_in::restore(&parts, waiting).await;
    // Nobody may be waiting.
    let _ = restoring.send(true);
}

/// Takes up what the process before this one left half-done: refreshes without a definite end at once,
/// because grace windows are short, and revocations.
async fn resume(parts: &Arc<Parts>) -> Result<(), StoreError> {
    let open = if planted(Planted::NoResume) { Vec::new() } else { parts.store.open_intents().await? };
    for id in open {
        if let Some(slot) = parts.slot(&id).filter(|slot| slot.connection().may_renew()) {
            refresh::renew_unanswered(parts, &slot);
        }
    }
    for slot in parts.slots() {
        if matches!(slot.connection().standing, Standing::Disconnecting { .. }) {
            disconnect::revoke_in_background(parts, &slot);
        }
    }
    Ok(())
}

fn no_connection(id: &ConnectionId) -> Problem {
    Problem::new(ProblemCode::NotFound, "This connection does not exist any more.").about(id)
}

fn page(url: Option<&str>, name: &str) -> Result<Url, Problem> {
    let none = || Problem::new(ProblemCode::NotFound, format!("{name} has no such page."));
    url.and_then(|url| Url::parse(url).ok()).ok_or_else(none)
}
