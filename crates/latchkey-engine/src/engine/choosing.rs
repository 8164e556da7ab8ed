//! Operations on what a person says of a connection: its alias, and the browser in which it signs in.

use latchkey_protocol::{BrowserId, ConnectionId, ConnectionView, Problem, SignInId};

use super::Engine;
use crate::personal;

impl Engine {
    /// Gives a connection a name of the person's own, of at most forty characters, which no other connection to
    /// the same provider has. An empty one takes it away.
    pub async fn rename(&self, connection: ConnectionId, alias: &str) -> Result<ConnectionView, Problem> {
        personal::rename(&self.parts, &connection, alias).await
    }

    /// Chooses the browser in which a connection signs in; `None` for the standard one. Which browsers there are,
    /// a shell knows.
    pub async fn choose_browser(
        &self,
        connection: ConnectionId,
        browser: Option<BrowserId>,
    ) -> Result<ConnectionView, Problem> {
        personal::choose_browser(&self.parts, &connection, browser).await
    }

    /// The browser that was chosen for the connection which a sign-in renews.
    pub fn browser_of(&self, sign_in: &SignInId) -> Option<BrowserId> {
        personal::browser_of(&self.parts, sign_in)
    }

    /// A shell has opened the page of a sign-in: `missing` says that the chosen browser was gone, so that it
    /// opened the standard one.
    pub fn browser_opened(&self, sign_in: &SignInId, missing: bool) {
        personal::note_browser(&self.parts, sign_in, missing);
    }
}
