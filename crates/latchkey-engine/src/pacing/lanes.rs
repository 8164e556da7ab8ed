//! Who goes next: at most eight refreshes at once, two at one host, served by need (F64).

use std::collections::BTreeMap;

use latchkey_protocol::ConnectionId;

use crate::clock::Boot;

/// Refreshes under way at the same time at most, over all connections.
const AT_ONCE: usize = 8;
/// The same at one host.
const AT_ONE_HOST: usize = 2;

/// How much a refresh is needed; the least value goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// A person asks.
    Asked,
    /// A program waits.
    Awaited,
    /// An earlier attempt has no definite end: the provider's grace runs.
    Unanswered,
    /// Access ends at this moment, or has ended.
    AccessEnds(Boot),
}

/// A place in the queue or under way.
pub(crate) type Ticket = u64;

/// One that waits or is under way.
#[derive(Debug)]
struct Place {
    who: ConnectionId,
    host: String,
    need: Need,
}

/// The queue and what is under way.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    last: Ticket,
    waiting: BTreeMap<Ticket, Place>,
    running: BTreeMap<Ticket, Place>,
}

impl Lanes {
    /// Takes a place at the end of the queue.
    pub(crate) fn enter(&mut self, who: ConnectionId, host: String, need: Need) -> Ticket {
        self.last += 1;
        self.waiting.insert(self.last, Place { who, host, need });
        self.last
    }

    /// Somebody waits for this connection after all.
    pub(crate) fn raise(&mut self, who: &ConnectionId, need: Need) {
        let everybody = self.waiting.values_mut().chain(self.running.values_mut());
        for waiting in everybody.filter(|waiting| &waiting.who == who) {
            waiting.need = waiting.need.min(need);
        }
    }

    /// How much the refresh of this place is needed.
    pub(crate) fn need(&self, ticket: Ticket) -> Option<Need> {
        self.waiting.get(&ticket).or(self.running.get(&ticket)).map(|place| place.need)
    }

    /// Gives up a place, wherever it is.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        self.waiting.remove(&ticket);
        self.running.remove(&ticket);
    }

    /// Lets the neediest in whose host has room, first come first served among equals. `None` when nobody can.
    pub(crate) fn next(&mut self) -> Option<Ticket> {
        if self.running.len() >= AT_ONCE {
            return None;
        }
        let at = |host: &String| self.running.values().filter(|running| &running.host == host).count();
        let free = self.waiting.iter().filter(|(_, waiting)| at(&waiting.host) < AT_ONE_HOST);
        let (ticket, _) = free.min_by_key(|(ticket, waiting)| (waiting.need, **ticket))?;
        let ticket = *ticket;
        let waiting = self.waiting.remove(&ticket)?;
        self.running.insert(ticket, waiting);
        Some(ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(lanes: &mut Lanes, host: &str, need: Need) -> Ticket {
        let who = ConnectionId::try_from(format!("c-{}", lanes.last + 1)).unwrap();
        lanes.enter(who, host.to_owned(), need)
    }

    fn all(lanes: &mut Lanes) -> Vec<Ticket> {
        std::iter::from_fn(|| lanes.next()).collect()
    }

    const LATER: Need = Need::AccessEnds(Boot(9));

    #[test]
    fn f64_two_at_one_host_and_eight_in_all() {
        let mut lanes = Lanes::default();
        for host in ["a", "b", "c", "d", "e"] {
            for _ in 0..3 {
                enter(&mut lanes, host, LATER);
            }
        }
        assert_eq!(all(&mut lanes), [1, 2, 4, 5, 7, 8, 10, 11], "e waits although it has room");
        lanes.leave(1);
        assert_eq!(all(&mut lanes), [3], "first come, first served");
        lanes.leave(4);
        lanes.leave(6);
        assert_eq!(all(&mut lanes), [13], "6 has left the queue");
    }

    #[test]
    fn f64_the_neediest_goes_first() {
        let mut lanes = Lanes::default();
        let needs = [LATER, Need::AccessEnds(Boot(3)), Need::Asked, Need::Unanswered, Need::Awaited];
        for need in needs {
            enter(&mut lanes, "a", need);
        }
        let mut order = Vec::new();
        while let Some(ticket) = lanes.next() {
            order.push(ticket);
            lanes.leave(ticket);
        }
        assert_eq!(order, [3, 5, 4, 2, 1]);
    }

    #[test]
    fn whoever_begins_to_wait_moves_a_place_up() {
        let mut lanes = Lanes::default();
        for _ in 0..3 {
            enter(&mut lanes, "a", LATER);
        }
        lanes.raise(&ConnectionId::try_from("c-3").unwrap(), Need::Awaited);
        assert_eq!(lanes.next(), Some(3));
    }
}
