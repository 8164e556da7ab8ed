//! The call by which some providers want to hear, at the start and again and again, that a token is still held.

use std::sync::Arc;

use reqwest::{Method, Request};
use url::Url;

use crate::clock::Boot;
use crate::connection::Standing;
use crate::identity;
use crate::live::{Parts, Slot};
use crate::provider::Provider;
use crate::refresh::{self, Why};
use crate::resting;

/// Bytes of an answer, of which only the status counts.
const LIMIT: usize = 64 * 1024;

/// Validates a connection's access if its provider wants that and its time has come. For the scheduler, at
/// every pass. While the connection is in any trouble nothing is asked.
pub(crate) fn look(parts: &Arc<Parts>, slot: &Arc<Slot>, boot: Boot) {
    let connection = slot.connection();
    if connection.standing != Standing::Good {
        return;
    }
    let Some(provider) = parts.provider_of(&connection) else { return };
    let Some(validation) = &provider.file.validation else { return };
    let next = boot.plus(i64::from(validation.every_seconds) * 1000);
    let due = slot.write(|state| state.access_alive(boot) && state.take_validation_turn(boot, next));
    if due {
        let (of, slot) = (parts.clone(), slot.clone());
        let parts = of.clone();
        of.tasks.spawn(async move { validate(&parts, &slot, &provider).await });
    }
}

/// Asks once. Refused access is renewed once; what the token endpoint says then is the truth.
async fn validate(parts: &Arc<Parts>, slot: &Arc<Slot>, provider: &Provider) {
    let connection = slot.connection();
    let Some(validation) = &provider.file.validation else { return };
    let (Ok(set), Ok(url)) = (resting::load(parts, slot, &connection).await, Url::parse(&validation.url))
    else {
        return;
    };
    let mut request = Request::new(Method::GET, url);
    let access = parts.shown(&set);
    identity::present(&mut request, &validation.authentication, access);
    let refused = access.send(&parts.http, request, LIMIT).await.is_ok_and(|reply| reply.status == 401);
    if refused {
        tracing::info!(connection.id = %slot.id, "the provider does not know this access any more");
        refresh::renew(parts, slot, Why::Asked { seen: connection.version() }).await;
    }
}
