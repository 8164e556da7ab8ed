//! Everything the sandbox knows, behind one lock: an endpoint works on it in one step, so that two requests cannot
//! meet in the middle of a rotation.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;

use crate::client::Client;
use crate::clock::{Clock, ClockMode};
use crate::device::Device;
use crate::exchange::Exchange;
use crate::face::Face;
use crate::faults::{Fault, FaultQueue};
use crate::gate::Gate;
use crate::grant::AuthorizationRequest;
use crate::ledger::{Ledger, Terms};
use crate::random::Entropy;
use crate::record::{Outcome, Record};
use crate::settings::{Rotation, ScopeMember, Settings};
use crate::spotify_library::Library;

/// Every secret that ever passed, for a search for leaks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Issued {
    /// Authorization codes.
    pub codes: Vec<String>,
    /// Device codes.
    pub device_codes: Vec<String>,
    /// Access tokens.
    pub access_tokens: Vec<String>,
    /// Refresh tokens.
    pub refresh_tokens: Vec<String>,
    /// Every `state` a client sent.
    pub states: Vec<String>,
    /// Every `code_challenge` a client sent.
    pub code_challenges: Vec<String>,
    /// Every `code_verifier` a client sent.
    pub code_verifiers: Vec<String>,
}

/// What a reset returns to.
#[derive(Clone, Debug)]
pub(crate) struct Beginning {
    pub(crate) settings: Settings,
    pub(crate) clients: Vec<Client>,
    pub(crate) clock: ClockMode,
}

/// The mutable state.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) origin: String,
    pub(crate) settings: Settings,
    pub(crate) clients: Vec<Client>,
    pub(crate) ledger: Ledger,
    /// What was saved on the Spotify face.
    pub(crate) library: Library,
    /// Codes of devices.
    pub(crate) devices: Vec<Device>,
    /// Consent pages that wait for their answer, by transaction id.
    pub(crate) transactions: HashMap<String, AuthorizationRequest>,
    /// The account that the consent page preselects.
    pub(crate) last_account: &'static str,
    pub(crate) faults: FaultQueue,
    pub(crate) record: Record,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    seen: Issued,
    beginning: Beginning,
}

impl Core {
    pub(crate) fn new(origin: String, beginning: Beginning, entropy: Entropy) -> Self {
        Self {
            origin,
            settings: beginning.settings.clone(),
            clients: beginning.clients.clone(),
            ledger: Ledger::default(),
            library: Library::default(),
            devices: Vec::new(),
            transactions: HashMap::new(),
            last_account: "ada",
            faults: FaultQueue::default(),
            record: Record::default(),
            clock: Clock::start(beginning.clock),
            entropy,
            seen: Issued::default(),
            beginning,
        }
    }

    /// Forgets everything but the numbering of requests.
    pub(crate) fn reset(&mut self) {
        self.settings = self.beginning.settings.clone();
        self.clients = self.beginning.clients.clone();
        self.ledger = Ledger::default();
        self.library = Library::default();
        self.devices.clear();
        self.transactions.clear();
        self.last_account = "ada";
        self.faults.clear();
        self.record.forget();
        self.clock = Clock::start(self.beginning.clock);
        self.seen = Issued::default();
    }

    pub(crate) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    pub(crate) fn terms(&self, face: Face, rotate_now: bool) -> Terms {
        let rotation = match face.rotation(&self.settings) {
            Rotation::Fixed | Rotation::FixedEcho if rotate_now => {
                Rotation::Rotate { grace_seconds: 0, reuse_detection: false }
            }
            configured @ (Rotation::Fixed | Rotation::FixedEcho | Rotation::Rotate { .. }) => configured,
        };
        Terms {
            now: self.clock.now(),
            code_life: self.settings.code_life(),
            access_token_life: Duration::from_secs(face.access_token_life(&self.settings)),
            authorization_life: face.authorization_life(&self.settings),
            rotation,
            issue_refresh_token: self.settings.issue_refresh_token,
            reduce_scope: self.settings.scope == ScopeMember::Reduced,
            prefixes: face.prefixes(),
        }
    }

    /// Notes the secrets that the client makes up itself, whether or not its request is right.
    pub(crate) fn notice(&mut self, exchange: &Exchange) {
        let sources = [&exchange.query, &exchange.form];
        let lists = [
            ("state", &mut self.seen.states),
            ("code_challenge", &mut self.seen.code_challenges),
            ("code_verifier", &mut self.seen.code_verifiers),
        ];
        for (name, list) in lists {
            for value in sources.into_iter().flat_map(|params| params.all(name)) {
                if !value.is_empty() && !list.iter().any(|seen| seen == value) {
                    list.push(value.to_owned());
                }
            }
        }
    }

    pub(crate) fn issued(&self) -> Issued {
        Issued {
            codes: self.ledger.codes().map(String::from).collect(),
            device_codes: self.devices.iter().map(|device| device.code.clone()).collect(),
            access_tokens: self.ledger.access_tokens().map(String::from).collect(),
            refresh_tokens: self.ledger.refresh_tokens().map(String::from).collect(),
            ..self.seen.clone()
        }
    }
}

/// The state with what needs no lock of its own.
#[derive(Debug)]
pub(crate) struct World {
    core: Mutex<Core>,
    pub(crate) gate: Gate,
    /// How many sockets were accepted.
    pub(crate) sockets: AtomicU64,
    /// Ticks whenever the record changes.
    pub(crate) recorded: watch::Sender<u64>,
}

impl World {
    pub(crate) fn new(core: Core) -> Self {
        Self {
            core: Mutex::new(core),
            gate: Gate::new(),
            sockets: AtomicU64::new(0),
            recorded: watch::Sender::new(0),
        }
    }

    pub(crate) fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records an arrival and takes the fault that waits for it.
    pub(crate) fn admit(&self, exchange: &Exchange) -> (u64, Option<Fault>) {
        let mut core = self.core();
        core.notice(exchange);
        let fault = core.faults.take(exchange.endpoint);
        let at_ms = core.clock.real_elapsed();
        let sequence = core.record.open(exchange, fault.clone(), at_ms);
        drop(core);
        self.tick();
        (sequence, fault)
    }

    pub(crate) fn settle(&self, sequence: u64, outcome: Outcome, status: Option<u16>) {
        self.core().record.close(sequence, outcome, status);
        self.tick();
    }

    fn tick(&self) {
        self.recorded.send_modify(|count| *count += 1);
    }
}
