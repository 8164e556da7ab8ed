//! Everything at once, and telling it to everybody.

use latchkey_protocol::{ConnectionView, EventBody, Overview};

use crate::live::Parts;
use crate::view;

/// Everything a window draws.
pub(crate) fn overview(parts: &Parts) -> Overview {
    let providers = parts.catalog.providers().iter();
    Overview {
        providers: providers.map(|provider| parts.view_of_provider(provider)).collect(),
        connections: connections(parts),
        notices: view::notices(&parts.catalog, &parts.damages()),
        vault: parts.vault.state(),
        protection: parts.vault.place().view(),
    }
}

/// The connections, oldest first.
pub(crate) fn connections(parts: &Parts) -> Vec<ConnectionView> {
    parts.slots().iter().map(|slot| parts.view_of(slot)).collect()
}

/// Tells every listener everything anew.
pub(crate) fn retell(parts: &Parts) {
    parts.events.send(EventBody::Overview { overview: overview(parts) });
}
