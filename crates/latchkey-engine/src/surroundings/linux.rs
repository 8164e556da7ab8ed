//! Linux: logind tells of sleep, NetworkManager of the network, both over the system bus.

use futures_util::{StreamExt as _, stream};
use zbus::{Connection, MatchRule, MessageStream, message};

use super::SurroundingsChange;

/// Why the surroundings cannot be watched. Latchkey works without; it notices later.
#[derive(Debug, thiserror::Error)]
#[error("the system bus cannot be watched for sleep and network: {0}")]
pub struct WatchError(#[from] zbus::Error);

const LOGIND: &str = "org.freedesktop.login1";
const NETWORK_MANAGER: &str = "org.freedesktop.NetworkManager";

/// Reports each change until the system bus goes away. The present state of the network is reported first,
/// where NetworkManager tells it.
pub async fn watch_system(report: impl FnMut(SurroundingsChange)) -> Result<(), WatchError> {
    watch_system_on(&Connection::system().await?, report).await
}

/// The same on a bus of the caller's choice.
pub async fn watch_system_on(
    bus: &Connection,
    mut report: impl FnMut(SurroundingsChange),
) -> Result<(), WatchError> {
    let sleep = signals(bus, LOGIND, "org.freedesktop.login1.Manager", "PrepareForSleep").await?;
    let network = signals(bus, NETWORK_MANAGER, NETWORK_MANAGER, "StateChanged").await?;
    if let Some(change) = present_network(bus).await {
        report(change);
    }
    let mut changes = stream::select(
        sleep.filter_map(async |message| woke(message.ok()?.body().deserialize().ok()?)),
        network.filter_map(async |message| network_change(message.ok()?.body().deserialize().ok()?)),
    )
    .boxed();
    while let Some(change) = changes.next().await {
        report(change);
    }
    Ok(())
}

async fn signals(
    bus: &Connection,
    sender: &'static str,
    interface: &'static str,
    member: &'static str,
) -> Result<MessageStream, WatchError> {
    let rule = MatchRule::builder()
        .msg_type(message::Type::Signal)
        .sender(sender)?
        .interface(interface)?
        .member(member)?
        .build();
    Ok(MessageStream::for_match_rule(rule, bus, None).await?)
}

/// `None` where NetworkManager does not run.
async fn present_network(bus: &Connection) -> Option<SurroundingsChange> {
    let path = "/org/freedesktop/NetworkManager";
    let reply =
        bus.call_method(Some(NETWORK_MANAGER), path, Some(NETWORK_MANAGER), "state", &()).await.ok()?;
    network_change(reply.body().deserialize().ok()?)
}

/// `PrepareForSleep` says `true` before the computer sleeps and `false` after.
fn woke(starting: bool) -> Option<SurroundingsChange> {
    (!starting).then_some(SurroundingsChange::Woke)
}

/// `NMState`: 60 and 70 lead out of this computer's own network, 10, 20 and 50 do not; what is in between
/// is under way, and 0 is not known.
fn network_change(state: u32) -> Option<SurroundingsChange> {
    match state {
        60 | 70 => Some(SurroundingsChange::NetworkUp),
        10 | 20 | 50 => Some(SurroundingsChange::NetworkDown),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_sleep_is_a_wake() {
        assert_eq!(woke(true), None);
        assert_eq!(woke(false), Some(SurroundingsChange::Woke));
    }

    #[test]
    fn a_network_is_up_where_it_leads_out_and_down_where_it_does_not() {
        for (state, change) in [
            (0, None),
            (10, Some(SurroundingsChange::NetworkDown)),
            (20, Some(SurroundingsChange::NetworkDown)),
            (30, None),
            (40, None),
            (50, Some(SurroundingsChange::NetworkDown)),
            (60, Some(SurroundingsChange::NetworkUp)),
            (70, Some(SurroundingsChange::NetworkUp)),
        ] {
            assert_eq!(network_change(state), change, "{state}");
        }
    }
}
