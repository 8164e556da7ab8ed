//! What kind of world a seed makes. Half of them are strict: a loss is impossible there by construction, so
//! that no excuse can hide a bug.

use crate::provider::Revokes;
use crate::rng::Rng;

/// The kind of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Everything at once. A loss is excused where the answer was lost or the process killed.
    Chaos,
    /// Nothing goes wrong: one request for each expiry, whoever asks.
    Calm,
    /// Kills, half a minute of grace, quick restarts.
    Kills,
    /// Single lost answers, half a minute of grace.
    LostAnswers,
    /// Faults that say nothing about the grant: 5xx, pages, refused connections, requests to wait.
    Weather,
    /// Disk faults, no grace at all.
    Disk,
    /// Disk faults, no grace, and kills outside the moment between answer and commit.
    DiskAndKills,
    /// Disconnect and sign-in timed into a refresh.
    People,
    /// The computer sleeps and its wall clock jumps.
    Sleep,
    /// The keychain is locked, absent and slow by turns.
    Keychain,
}

/// What may happen in a world, and how often.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) instances: usize,
    pub(crate) callers: usize,
    /// Seconds an access token lives.
    pub(crate) life_s: i64,
    pub(crate) rotates: bool,
    pub(crate) grace_ms: i64,
    pub(crate) reuse_detection: bool,
    pub(crate) revokes: Revokes,
    /// Milliseconds of trouble after the sign-in, before the calm in which everything must heal.
    pub(crate) trouble_ms: i64,
    /// Per mille of requests.
    pub(crate) network_faults: u64,
    /// Per mille of transactions.
    pub(crate) disk_faults: u64,
    /// The processes are killed this often.
    pub(crate) kills: u64,
    pub(crate) restart_ms: (i64, i64),
    pub(crate) revoked_by_provider: bool,
}

impl Plan {
    pub(crate) fn of(seed: u64, rng: &mut Rng) -> Self {
        let kind = match seed % 12 {
            0 | 1 => Kind::Chaos,
            2 => Kind::Calm,
            3 | 4 => Kind::Kills,
            5 => Kind::LostAnswers,
            6 => Kind::Weather,
            7 => Kind::Disk,
            8 => Kind::DiskAndKills,
            9 => Kind::People,
            10 => Kind::Sleep,
            _ => Kind::Keychain,
        };
        let life_s = rng.pick(&[60, 120, 300, 900]);
        let mut plan = Self {
            kind,
            instances: 1,
            callers: usize::try_from(rng.range(1, 4)).unwrap(),
            life_s,
            rotates: rng.per_mille(850),
            grace_ms: 30_000,
            reuse_detection: rng.per_mille(700),
            revokes: Revokes::Account,
            trouble_ms: life_s * 1000 * rng.range(2, 4),
            network_faults: 0,
            disk_faults: 0,
            kills: 0,
            restart_ms: (0, 6_000),
            revoked_by_provider: false,
        };
        plan.specialise(rng);
        plan
    }

    fn specialise(&mut self, rng: &mut Rng) {
        match self.kind {
            Kind::Chaos => {
                self.instances = usize::try_from(rng.range(1, 3)).unwrap();
                self.grace_ms = rng.pick(&[0, 5_000, 30_000, 60_000]);
                self.network_faults = rng.pick(&[0, 100, 400]);
                self.disk_faults = rng.pick(&[0, 0, 30, 200]);
                self.kills = rng.below(5);
                self.restart_ms = (0, 90_000);
                self.revoked_by_provider = rng.per_mille(250);
            }
            Kind::Calm => {
                self.instances = usize::try_from(rng.range(1, 3)).unwrap();
                self.grace_ms = 0;
            }
            Kind::Kills => self.kills = 1 + rng.below(4),
            Kind::LostAnswers => self.network_faults = 500,
            Kind::Weather => {
                self.grace_ms = 0;
                self.network_faults = 500;
            }
            Kind::Disk => {
                self.grace_ms = 0;
                self.disk_faults = rng.pick(&[50, 200, 500]);
            }
            Kind::DiskAndKills => {
                self.grace_ms = 0;
                self.disk_faults = 200;
                self.kills = 1 + rng.below(3);
            }
            Kind::People => {
                self.grace_ms = 0;
                self.revoked_by_provider = rng.per_mille(200);
                self.revokes = rng.pick(&[Revokes::Account, Revokes::LiveToken]);
            }
            Kind::Sleep => {
                self.grace_ms = 0;
                self.callers = usize::try_from(rng.range(0, 2)).unwrap();
            }
            Kind::Keychain => {
                self.grace_ms = 0;
                self.kills = rng.below(2);
            }
        }
    }

    /// Whether a loss can have an excuse.
    pub(crate) fn strict(&self) -> bool {
        self.kind != Kind::Chaos
    }
}
