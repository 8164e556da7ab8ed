//! Engine events on their way to the window, over a channel that the window opened. Channels need no event
//! permission, so the window has none.

use latchkey_protocol::{Event, EventBody, Overview, Problem};
use tauri::ipc::Channel;
use tauri::{AppHandle, Manager as _};
use tokio::sync::broadcast::error::RecvError;

use crate::desk::Desk;

/// Everything the window draws: what the engine knows, and what the shell found.
pub(crate) async fn overview(desk: &Desk) -> Result<Overview, Problem> {
    let mut overview = desk.engine().await?.overview();
    overview.notices.extend(desk.notices());
    Ok(overview)
}

/// Sends the overview and then every event. A listener that fell behind gets the overview again.
pub(crate) async fn forward(app: &AppHandle, desk: &Desk, channel: Channel<Event>) -> Result<(), Problem> {
    let (first, mut events) = desk.engine().await?.watch();
    let app = app.clone();
    let task = tauri::async_runtime::spawn(async move {
        let mut number = first.number;
        let mut next = with_overview(&app, number).await;
        loop {
            // The window is gone, or has opened another channel.
            let Some(event) = next else { return };
            number = event.number;
            if channel.send(event).is_err() {
                return;
            }
            next = match events.recv().await {
                // The engine's overview lacks what the shell found.
                Ok(Event { number, body: EventBody::Overview { .. } }) => with_overview(&app, number).await,
                Ok(event) => Some(event),
                Err(RecvError::Lagged(_)) => with_overview(&app, number).await,
                Err(RecvError::Closed) => return,
            };
        }
    });
    desk.forward(task);
    Ok(())
}

/// Tells the window everything anew: the shell has found something.
pub(crate) async fn refresh_notices(app: &AppHandle) {
    if let Ok(engine) = app.state::<Desk>().engine().await {
        engine.retell();
    }
}

async fn with_overview(app: &AppHandle, number: u64) -> Option<Event> {
    let overview = overview(&app.state::<Desk>()).await.ok()?;
    Some(Event { number, body: EventBody::Overview { overview } })
}
