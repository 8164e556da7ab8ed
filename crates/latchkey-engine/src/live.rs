//! What memory knows: the parts of the engine, one slot per connection, the sign-ins under way.
//!
//! Truth lives in the database and the vault; this is a cache of it, plus what is true only at this
//! moment. A slot's deadlines are kept on the suspend-aware clock, so a wall clock that jumps while
//! Latchkey runs changes nothing.

mod clients;
mod early_answers;
mod held;
mod pace;
mod settling;
mod sign_ins;
mod together;
mod views;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, Shared};
use latchkey_protocol::{ConnectionId, Diagnosis, EventBody, Health, HealthChange, RestingPlace, Timestamp};
use secrecy::SecretString;
use tokio::sync::Notify;

use crate::choices::Choices;
use crate::clock::{Boot, Clock};
use crate::connection::{Connection, Standing};
use crate::credential::TokenSet;
use crate::dpop::Nonces;
use crate::edges::Rotations;
use crate::entropy::SharedEntropy;
use crate::event::Events;
use crate::health::{Doing, Moment};
use crate::http::Http;
use crate::issuer::Issuers;
use crate::pacing::{Buckets, Gate};
use crate::provider::{Catalog, Provider};
use crate::skew::Skew;
use crate::store::{Damage, Registered, Store};
use crate::surroundings::Surroundings;
use crate::tasks::Tasks;
use crate::vault::Vault;

use early_answers::EarlyAnswers;
use settling::Settling;
pub(crate) use sign_ins::{LiveSignIn, SignInCard};

/// Looks up a variable of the environment.
pub type Environment = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The longest wait between two tries of anything, in milliseconds: six hours.
const LONGEST_WAIT_MS: i64 = 21_600_000;

/// Everything that the engine is made of.
pub(crate) struct Parts {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: SharedEntropy,
    pub(crate) http: Http,
    pub(crate) store: Store,
    pub(crate) vault: Vault,
    pub(crate) catalog: Catalog,
    damage: Mutex<Vec<Damage>>,
    pub(crate) environment: Environment,
    pub(crate) rotations: Arc<dyn Rotations>,
    pub(crate) tasks: Tasks,
    pub(crate) events: Events,
    /// Rings when a due time may have changed.
    pub(crate) due_changed: Notify,
    /// How far this computer's clock is from those of providers.
    pub(crate) skew: Skew,
    /// What happens around Latchkey.
    pub(crate) surroundings: Surroundings,
    /// Passed by every refresh.
    pub(crate) gate: Gate,
    /// Rate limits that APIs announce.
    pub(crate) buckets: Buckets,
    /// What servers want repeated in proofs of a key.
    nonces: Nonces,
    /// What issuers of OpenID Connect say of themselves.
    pub(crate) issuers: Issuers,
    /// Held, for the length of a commit, by whoever raises an epoch.
    pub(crate) epochs: tokio::sync::Mutex<()>,
    /// Answers for sign-ins that are still sealed.
    pub(crate) early_answers: EarlyAnswers,
    deep_links: AtomicBool,
    slots: Mutex<BTreeMap<ConnectionId, Arc<Slot>>>,
    sign_ins: Mutex<Vec<LiveSignIn>>,
    clients: Mutex<Vec<Registered>>,
    client_secrets: Mutex<BTreeMap<String, SecretString>>,
}

/// What the engine reaches beyond its own files.
pub(crate) struct Outside {
    pub(crate) http: Http,
    pub(crate) rotations: Arc<dyn Rotations>,
    pub(crate) environment: Environment,
}

/// A refresh under way, shared by everybody who waits for it.
pub(crate) type Flight = Shared<BoxFuture<'static, RefreshEnd>>;

/// How a refresh ended, for those who waited for it. What it means is in the connection's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefreshEnd {
    /// New access is saved.
    Renewed,
    /// The person must sign in again.
    NeedsSignIn,
    /// A setting is wrong.
    Misconfigured,
    /// It failed for a passing reason and is tried again.
    Waiting,
    /// It was not tried: the provider is to be left alone for now.
    Held,
    /// The keychain is locked; nothing was spent.
    Locked,
    /// The database cannot be written; nothing was spent.
    StorageFault,
    /// Another process holds the connection's lock and does not give it back.
    Busy,
    /// The connection changed or went away meanwhile.
    Superseded,
}

/// A set that is held in memory while the disk refuses it.
pub(crate) struct Unsaved {
    pub(crate) set: Arc<TokenSet>,
    pub(crate) expires: Option<Boot>,
}

/// One connection in memory.
pub(crate) struct Slot {
    pub(crate) id: ConnectionId,
    /// Held by whoever changes the token set: a refresh, the end of a sign-in, a revocation.
    pub(crate) exclusive: tokio::sync::Mutex<()>,
    /// Held by whoever moves the token set to the keychain, so that an older one never arrives last.
    pub(crate) settling: tokio::sync::Mutex<()>,
    /// Rings when there is something to lend although a flight is still under way.
    pub(crate) changed: Notify,
    state: Mutex<SlotState>,
}

pub(crate) struct SlotState {
    pub(crate) connection: Connection,
    /// What the person says of it.
    pub(crate) choices: Choices,
    /// The scopes in force, for everybody who is lent a token.
    pub(crate) scopes: Arc<[String]>,
    pub(crate) tokens: Option<Arc<TokenSet>>,
    pub(crate) flight: Option<Flight>,
    pub(crate) doing: Doing,
    pub(crate) unsaved: Option<Unsaved>,
    /// The version of the set that was renewed for a call, and that the API then refused too.
    pub(crate) refused_anew: Option<(i64, i64)>,
    /// The last report.
    pub(crate) diagnosis: Option<Diagnosis>,
    /// The epoch and generation for which the two deadlines below were computed.
    anchored: Option<(i64, i64)>,
    expires: Option<Boot>,
    renew: Option<Boot>,
    next_try: Option<Boot>,
    /// Not before this moment, after the keychain or the database refused.
    resting_until: Option<Boot>,
    /// Not before this moment is the provider asked whether it knows the access token.
    next_validation: Option<Boot>,
    pub(crate) settling: Settling,
    told: Option<Health>,
    /// Changes of health that are not written down yet, oldest first.
    unrecorded: Vec<HealthChange>,
}

impl Parts {
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        entropy: SharedEntropy,
        store: Store,
        vault: Vault,
        catalog: Catalog,
        damage: Vec<Damage>,
        outside: Outside,
    ) -> Self {
        Self {
            skew: Skew::default(),
            surroundings: Surroundings::new(clock.as_ref()),
            clock,
            entropy,
            http: outside.http,
            store,
            vault,
            catalog,
            damage: Mutex::new(damage),
            environment: outside.environment,
            rotations: outside.rotations,
            tasks: Tasks::default(),
            events: Events::new(),
            due_changed: Notify::new(),
            gate: Gate::default(),
            buckets: Buckets::default(),
            nonces: Nonces::default(),
            issuers: Issuers::default(),
            epochs: tokio::sync::Mutex::new(()),
            early_answers: EarlyAnswers::default(),
            deep_links: AtomicBool::new(true),
            slots: Mutex::default(),
            sign_ins: Mutex::default(),
            clients: Mutex::default(),
            client_secrets: Mutex::default(),
        }
    }

    /// Whether links of Latchkey's scheme reach this process.
    pub(crate) fn has_deep_links(&self) -> bool {
        self.deep_links.load(Ordering::Relaxed)
    }

    pub(crate) fn set_deep_links(&self, work: bool) {
        self.deep_links.store(work, Ordering::Relaxed);
    }

    /// What was found damaged.
    pub(crate) fn damages(&self) -> Vec<Damage> {
        lock(&self.damage).clone()
    }

    pub(crate) fn add_damage(&self, damage: Damage) {
        lock(&self.damage).push(damage);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.wall()
    }

    /// The slot of a connection.
    pub(crate) fn slot(&self, id: &ConnectionId) -> Option<Arc<Slot>> {
        lock(&self.slots).get(id).cloned()
    }

    /// Every slot, oldest connection first.
    pub(crate) fn slots(&self) -> Vec<Arc<Slot>> {
        let mut slots: Vec<_> = lock(&self.slots).values().cloned().collect();
        slots.sort_by_key(|slot| slot.read(|state| state.connection.created_at));
        slots
    }

    /// Puts a connection in its slot and tells everybody.
    pub(crate) fn publish(&self, connection: Connection) -> Arc<Slot> {
        self.put(connection, None, None)
    }

    /// The same with a new token set, for which the request left at `started`: time that passed while the
    /// answer was on its way is time the token has lived.
    pub(crate) fn publish_set(&self, connection: Connection, set: TokenSet, started: Boot) -> Arc<Slot> {
        self.put(connection, Some((Arc::new(set), started)), None)
    }

    /// The same of an account that was kept in another way until this moment, with what the person said of it.
    pub(crate) fn publish_moved(
        &self,
        connection: Connection,
        said: Choices,
        set: TokenSet,
        started: Boot,
    ) -> Arc<Slot> {
        self.put(connection, Some((Arc::new(set), started)), Some(said))
    }

    fn put(
        &self,
        connection: Connection,
        fresh: Option<(Arc<TokenSet>, Boot)>,
        said: Option<Choices>,
    ) -> Arc<Slot> {
        let provider = self.provider_of(&connection);
        let slot = {
            let mut slots = lock(&self.slots);
            let empty = || Arc::new(Slot::new(connection.clone()));
            slots.entry(connection.id.clone()).or_insert_with(empty).clone()
        };
        slot.write(|state| {
            if let Some(said) = said {
                state.choices = said;
            }
            state.put(connection, fresh, provider.as_deref(), self.clock.as_ref());
        });
        self.tell(&slot);
        self.due_changed.notify_one();
        slot
    }

    /// Takes a connection out of memory.
    pub(crate) fn unpublish(&self, id: &ConnectionId) {
        lock(&self.slots).remove(id);
        self.due_changed.notify_one();
    }

    /// Tells everybody how a connection is.
    pub(crate) fn tell(&self, slot: &Slot) {
        let now = self.now();
        slot.write(|state| {
            let health = self.health_of(state, now);
            state.note_health(&health, now);
            state.told = Some(health);
        });
        self.events.send_with(|| EventBody::ConnectionChanged { connection: Box::new(self.view_of(slot)) });
    }

    /// Tells everybody if time alone has changed how a connection is.
    pub(crate) fn tell_if_changed(&self, slot: &Slot) {
        let now = self.now();
        if slot.read(|state| state.told.as_ref() != Some(&self.health_of(state, now))) {
            self.tell(slot);
        }
    }
}

impl Slot {
    fn new(connection: Connection) -> Self {
        let state = SlotState {
            connection: connection.clone(),
            choices: Choices::default(),
            scopes: Arc::default(),
            tokens: None,
            flight: None,
            doing: Doing::Nothing,
            unsaved: None,
            refused_anew: None,
            diagnosis: None,
            anchored: None,
            expires: None,
            renew: None,
            next_try: None,
            resting_until: None,
            next_validation: None,
            settling: Settling::default(),
            told: None,
            unrecorded: Vec::new(),
        };
        Self {
            id: connection.id,
            exclusive: tokio::sync::Mutex::new(()),
            settling: tokio::sync::Mutex::new(()),
            changed: Notify::new(),
            state: Mutex::new(state),
        }
    }

    pub(crate) fn read<T>(&self, work: impl FnOnce(&SlotState) -> T) -> T {
        work(&lock(&self.state))
    }

    pub(crate) fn write<T>(&self, work: impl FnOnce(&mut SlotState) -> T) -> T {
        work(&mut lock(&self.state))
    }

    /// Whether this process has renewed it: a planted bug asks.
    pub(crate) fn was_renewed(&self) -> bool {
        self.read(|state| state.connection.track.last_success_at.is_some() && state.tokens.is_some())
    }

    pub(crate) fn connection(&self) -> Connection {
        self.read(|state| state.connection.clone())
    }
}

impl SlotState {
    fn put(
        &mut self,
        mut connection: Connection,
        fresh: Option<(Arc<TokenSet>, Boot)>,
        provider: Option<&Provider>,
        clock: &dyn Clock,
    ) {
        if connection.version() < self.connection.version() {
            // Whoever read this row has been overtaken by a sign-in, a disconnect or a renewal.
            return;
        }
        let to_boot = |at: Timestamp| clock.boot().plus(at.0.saturating_sub(clock.wall().0));
        let obtained = connection.access.obtained_at;
        if self.anchored != Some(connection.version()) {
            let obtained_boot = fresh.as_ref().map_or_else(|| to_boot(obtained), |(_, started)| *started);
            let from_obtained = |at: Timestamp| obtained_boot.plus(at.0.saturating_sub(obtained.0));
            // Without its provider's file nothing can be renewed, which is to be said at once.
            let missing = || connection.access.renewable.then_some(obtained);
            let renewal = provider.map_or_else(missing, |provider| provider.renewal_at(&connection.access));
            self.anchored = Some(connection.version());
            self.tokens = None;
            self.expires = connection.access.expires_at.map(from_obtained);
            self.renew = renewal.map(from_obtained);
            // Issued in the future: the wall clock was set back across a restart, so its dates say nothing.
            if obtained_boot > clock.boot() {
                self.expires = Some(clock.boot());
                self.renew = connection.access.renewable.then(|| clock.boot());
            }
        } else if self.connection.resting == RestingPlace::Keychain {
            // Whoever read the connection earlier does not know that its set has settled meanwhile.
            connection.resting = RestingPlace::Keychain;
        }
        if self.connection.track.next_try_at != connection.track.next_try_at || self.next_try.is_none() {
            // Never further away than the longest wait: a date beyond it is from another setting of the clock.
            let latest = clock.boot().plus(LONGEST_WAIT_MS);
            self.next_try = connection.track.next_try_at.map(|at| to_boot(at).min(latest));
        }
        if let Some((tokens, _)) = fresh {
            self.tokens = Some(tokens);
        }
        if *self.scopes != *connection.grant.granted {
            self.scopes = connection.grant.granted.as_slice().into();
        }
        if matches!(connection.standing, Standing::Disconnecting { .. }) {
            self.choices = Choices::default();
        }
        self.connection = connection;
    }

    /// The set that is not saved yet, with at least `enough` milliseconds of life at `boot`.
    pub(crate) fn unsaved_for(&self, boot: Boot, enough: i64) -> Option<Arc<TokenSet>> {
        let lives = |expires: Boot| expires.0.saturating_sub(boot.0) >= enough;
        let unsaved = self.unsaved.as_ref()?;
        unsaved.expires.is_none_or(lives).then(|| unsaved.set.clone())
    }

    /// Whether the access token lives at `boot`.
    pub(crate) fn access_alive(&self, boot: Boot) -> bool {
        self.expires.is_none_or(|expires| boot < expires)
    }

    /// Milliseconds of life the access token has left at `boot`; `None` where unknown.
    pub(crate) fn life_left(&self, boot: Boot) -> Option<i64> {
        self.expires.map(|expires| expires.0.saturating_sub(boot.0))
    }

    /// When a refresh is due by itself: at the planned renewal, but not before the next permitted try.
    pub(crate) fn due(&self) -> Option<Boot> {
        let renew = match self.connection.standing {
            Standing::Good | Standing::Misconfigured { .. } if self.connection.access.renewable => {
                self.renew?
            }
            Standing::Good
            | Standing::Misconfigured { .. }
            | Standing::Attention { .. }
            | Standing::Disconnecting { .. } => return None,
        };
        let planned = self.next_try.map_or(renew, |next_try| renew.max(next_try));
        Some(self.resting_until.map_or(planned, |until| planned.max(until)))
    }

    /// Nothing is due by itself before `until`.
    pub(crate) fn rest_until(&mut self, until: Boot) {
        self.resting_until = Some(until);
        if matches!(self.connection.standing, Standing::Disconnecting { .. }) {
            self.next_try = Some(until);
        }
    }

    /// Whether it is time to validate the access token; the next time is `next`.
    pub(crate) fn take_validation_turn(&mut self, boot: Boot, next: Boot) -> bool {
        let due = self.next_validation.is_none_or(|at| at <= boot);
        if due {
            self.next_validation = Some(next);
        }
        due
    }

    /// When the next try is permitted after failures.
    pub(crate) fn next_try(&self) -> Option<Boot> {
        self.next_try
    }

    fn moment(&self, boot: Boot, now: Timestamp) -> Moment {
        let to_wall = |at: Boot| now.plus(at.0.saturating_sub(boot.0));
        Moment {
            doing: self.doing,
            access_alive: self.access_alive(boot),
            next_renewal_at: self.due().map(to_wall),
            clock_ahead_ms: None,
            api_waits_until: None,
            unsettled: self.settling.reason(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while it was held leaves a cache, not a truth, in doubt.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
