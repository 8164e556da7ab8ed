//! What an account can have its server do.

use latchkey_protocol::{AccountMail, ConnectionId, ConnectionView, Problem};

use super::Engine;
use crate::impersonate;

impl Engine {
    /// Has the server send a mail to the account's own address.
    pub async fn request_mail(&self, connection: ConnectionId, mail: AccountMail) -> Result<(), Problem> {
        impersonate::request_mail(&self.parts, &connection, mail).await
    }

    /// With a superuser's connection, signs in as another record of its server for `seconds` seconds. That
    /// sign-in is kept in memory only and cannot be renewed.
    pub async fn impersonate(
        &self,
        connection: ConnectionId,
        collection: &str,
        record: &str,
        seconds: u32,
    ) -> Result<ConnectionView, Problem> {
        impersonate::impersonate(&self.parts, &connection, collection, record, seconds).await
    }
}
