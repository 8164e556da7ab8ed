//! The content of a backup before it is sealed.

use latchkey_protocol::{ConnectionId, Keep, ProviderId, RestingPlace, Timestamp};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::connection::{Access, Account, Connection, Grant, Standing, Track, Values};
use crate::credential::{RegisteredClient, TokenSet};

/// Everything in a backup.
#[derive(Serialize, Deserialize)]
pub(super) struct Backup {
    created_at: Timestamp,
    connections: Vec<Written>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    provider: ProviderId,
    provider_name: String,
    client_id: String,
    account_key: String,
    account_name: String,
    epoch: i64,
    generation: i64,
    authorized_at: Timestamp,
    ends_at: Option<Timestamp>,
    asked: Vec<String>,
    granted: Vec<String>,
    set: Zeroizing<Vec<u8>>,
    // Absent in backups of before.
    #[serde(default)]
    variables: Values,
    #[serde(default)]
    kept: Values,
    #[serde(default)]
    alias: Option<String>,
    #[serde(default)]
    client_secret: Option<Zeroizing<String>>,
}

/// A connection of a backup with what belongs to it.
pub(super) struct Found {
    pub(super) connection: Connection,
    pub(super) alias: Option<String>,
    pub(super) set: TokenSet,
    pub(super) client: RegisteredClient,
}

impl Backup {
    pub(super) fn new(created_at: Timestamp) -> Self {
        Self { created_at, connections: Vec::new() }
    }

    pub(super) fn add(
        &mut self,
        connection: &Connection,
        alias: Option<String>,
        set: &TokenSet,
        client: &RegisteredClient,
    ) {
        self.connections.push(Written {
            provider: connection.provider.clone(),
            provider_name: connection.provider_name.clone(),
            client_id: connection.client_id.clone(),
            account_key: connection.account.key.clone(),
            account_name: connection.account.name.clone(),
            alias,
            epoch: connection.epoch,
            generation: connection.generation,
            authorized_at: connection.grant.authorized_at,
            ends_at: connection.grant.ends_at,
            asked: connection.grant.asked.clone(),
            granted: connection.grant.granted.clone(),
            set: set.to_bytes(),
            variables: connection.variables.clone(),
            kept: connection.kept.clone(),
            client_secret: client
                .secret
                .as_ref()
                .map(|secret| Zeroizing::new(secret.expose_secret().to_owned())),
        });
    }

    /// The written form, for sealing only. Its room is reckoned beforehand: a buffer that grows leaves copies.
    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // A byte of a set takes at most four characters; the rest of a connection is small.
        let room = self.connections.iter().map(|written| 4 * written.set.len() + 16 * 1024).sum();
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        // Texts and numbers always serialize, and a vector takes them all.
        let _ = serde_json::to_writer(&mut *bytes, self);
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// The connections with their token sets. One whose set is of another form is left out.
    pub(super) fn into_connections(self) -> impl Iterator<Item = Found> {
        let at = self.created_at;
        self.connections.into_iter().filter_map(move |written| {
            let set = TokenSet::from_bytes(&written.set)?;
            let secret = written.client_secret.as_ref().map(|secret| secret.as_str().into());
            let client = RegisteredClient { id: written.client_id.clone(), secret };
            let alias = written.alias.clone();
            Some(Found { connection: connection(written, &set, at)?, alias, set, client })
        })
    }
}

fn connection(written: Written, set: &TokenSet, at: Timestamp) -> Option<Connection> {
    Some(Connection {
        // Its own id is given where it arrives.
        id: ConnectionId::try_from("c-imported").ok()?,
        provider: written.provider,
        provider_name: written.provider_name,
        client_id: written.client_id,
        account: Account {
            key: written.account_key,
            name: written.account_name,
            picture: None,
            person: None,
        },
        keep: Keep::Keychain,
        epoch: written.epoch,
        generation: written.generation,
        grant: Grant {
            authorized_at: written.authorized_at,
            ends_at: written.ends_at,
            asked: written.asked,
            granted: written.granted,
        },
        access: Access::from(set),
        standing: Standing::Good,
        track: Track { last_success_at: Some(set.obtained_at), ..Track::default() },
        resting: RestingPlace::Sealed,
        created_at: at,
        variables: written.variables,
        kept: written.kept,
    })
}
