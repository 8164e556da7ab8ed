//! Everything at once, and telling it to everybody.

use latchkey_protocol::{EventBody, Overview};

use crate::live::Parts;
use crate::view;

/// Everything a window draws.
pub(crate) fn overview(parts: &Parts) -> Overview {
    let providers = parts.catalog.providers().iter();
    Overview {
        providers: providers.map(|provider| parts.view_of_provider(provider)).collect(),
        connections: parts.slots().iter().map(|slot| parts.view_of(slot)).collect(),
        notices: view::notices(&parts.catalog, &parts.damages()),
        vault: parts.vault.state(),
        protection: parts.vault.place().view(),
    }
}

/// Tells every listener everything anew.
pub(crate) fn retell(parts: &Parts) {
    parts.events.send(EventBody::Overview { overview: overview(parts) });
}
