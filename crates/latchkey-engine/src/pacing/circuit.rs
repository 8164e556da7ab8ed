//! A circuit breaker: a token endpoint that answers nobody is left alone by everybody.

use std::collections::BTreeSet;

use latchkey_protocol::ConnectionId;

use crate::clock::Boot;

/// Faults in a row, over at least two connections, that open a circuit. One connection alone is paced by its
/// own backoff.
const RUN: u32 = 4;
/// How long an open circuit rests before a probe, in milliseconds: the first time and at most.
const REST_MS: (i64, i64) = (30_000, 900_000);
/// When those who wait for a probe look again, in milliseconds.
const LOOK_AGAIN_MS: i64 = 5_000;

/// Whether a token endpoint is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Circuit {
    /// It is.
    Closed {
        /// Faults since its last answer.
        faults: u32,
        /// Whose they were.
        of: BTreeSet<ConnectionId>,
    },
    /// It is left alone.
    Open {
        /// Until when.
        until: Boot,
        /// How often in a row it was opened.
        times: u32,
    },
    /// One connection finds out whether it answers.
    HalfOpen {
        /// Which.
        probe: ConnectionId,
        /// How often in a row it was opened.
        times: u32,
    },
}

impl Default for Circuit {
    fn default() -> Self {
        Self::Closed { faults: 0, of: BTreeSet::new() }
    }
}

impl Circuit {
    /// Whether `who` may ask at `now`; if not, until when it waits. The first after a rest is the probe.
    pub(crate) fn admit(&mut self, who: &ConnectionId, now: Boot) -> Result<(), Boot> {
        match self {
            Self::Closed { .. } => Ok(()),
            Self::Open { until, .. } if now < *until => Err(*until),
            Self::Open { times, .. } => {
                *self = Self::HalfOpen { probe: who.clone(), times: *times };
                Ok(())
            }
            Self::HalfOpen { .. } => Err(now.plus(LOOK_AGAIN_MS)),
        }
    }

    /// The endpoint answered as one does, whatever the answer was.
    pub(crate) fn answered(&mut self) {
        *self = Self::default();
    }

    /// What `who` asked met a fault of the provider, or was lost. Whoever asked although the circuit is open
    /// makes nobody wait longer.
    pub(crate) fn faulted(&mut self, who: &ConnectionId, now: Boot) {
        match self {
            Self::Closed { faults, of } => {
                *faults = faults.saturating_add(1);
                of.insert(who.clone());
                if *faults >= RUN && of.len() > 1 {
                    *self = Self::Open { until: now.plus(rest_ms(0)), times: 1 };
                }
            }
            Self::HalfOpen { probe, times } if probe == who => {
                *self = Self::Open { until: now.plus(rest_ms(*times)), times: times.saturating_add(1) };
            }
            Self::Open { .. } | Self::HalfOpen { .. } => {}
        }
    }

    /// `who` is done. A probe that found nothing out leaves its place to the next.
    pub(crate) fn left(&mut self, who: &ConnectionId) {
        match self {
            Self::HalfOpen { probe, times } if probe == who => {
                *self = Self::Open { until: Boot(i64::MIN), times: *times };
            }
            Self::Closed { .. } | Self::Open { .. } | Self::HalfOpen { .. } => {}
        }
    }
}

fn rest_ms(times: u32) -> i64 {
    REST_MS.0.saturating_mul(1_i64 << times.min(20)).min(REST_MS.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Boot = Boot(1_000_000);

    fn id(name: &str) -> ConnectionId {
        ConnectionId::try_from(name).unwrap()
    }

    fn opened() -> Circuit {
        let mut circuit = Circuit::default();
        for who in ["c-1", "c-2", "c-1", "c-2"] {
            assert_eq!(circuit.admit(&id(who), NOW), Ok(()));
            circuit.faulted(&id(who), NOW);
        }
        circuit
    }

    #[test]
    fn a_run_of_faults_over_two_connections_opens_it() {
        assert_eq!(opened().admit(&id("c-3"), NOW), Err(NOW.plus(30_000)));
    }

    #[test]
    fn one_connection_alone_never_opens_it_and_an_answer_ends_the_run() {
        let mut circuit = Circuit::default();
        for _ in 0..20 {
            circuit.faulted(&id("c-1"), NOW);
        }
        assert_eq!(circuit.admit(&id("c-2"), NOW), Ok(()));
        circuit.answered();
        for who in ["c-1", "c-2", "c-3"] {
            circuit.faulted(&id(who), NOW);
        }
        assert_eq!(circuit.admit(&id("c-4"), NOW), Ok(()));
    }

    #[test]
    fn after_the_rest_one_probes_and_the_others_wait() {
        let (mut circuit, later) = (opened(), NOW.plus(30_000));
        assert_eq!(circuit.admit(&id("c-2"), later), Ok(()));
        assert_eq!(circuit.admit(&id("c-1"), later), Err(later.plus(5_000)));
        circuit.answered();
        assert_eq!(circuit.admit(&id("c-1"), later), Ok(()));
    }

    #[test]
    fn a_probe_that_fails_doubles_the_rest_up_to_its_cap() {
        let (mut circuit, mut now) = (opened(), NOW.plus(30_000));
        for rest in [60_000, 120_000, 240_000, 480_000, 900_000, 900_000] {
            assert_eq!(circuit.admit(&id("c-1"), now), Ok(()));
            circuit.faulted(&id("c-1"), now);
            assert_eq!(circuit.admit(&id("c-1"), now), Err(now.plus(rest)));
            now = now.plus(rest);
        }
    }

    #[test]
    fn a_probe_that_leaves_without_a_finding_makes_room_for_the_next() {
        let (mut circuit, later) = (opened(), NOW.plus(30_000));
        assert_eq!(circuit.admit(&id("c-1"), later), Ok(()));
        circuit.left(&id("c-1"));
        assert_eq!(circuit.admit(&id("c-2"), later), Ok(()));
    }

    #[test]
    fn whoever_passes_an_open_circuit_changes_it_only_by_an_answer() {
        let mut circuit = opened();
        let before = circuit.clone();
        circuit.faulted(&id("c-9"), NOW.plus(1));
        circuit.left(&id("c-9"));
        assert_eq!(circuit, before);
        circuit.answered();
        assert_eq!(circuit, Circuit::default());
    }
}
