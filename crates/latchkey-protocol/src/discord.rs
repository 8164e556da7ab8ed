//! What Discord tells, in types.

use serde::{Deserialize, Serialize};

use crate::{ConnectionId, Timestamp};

/// The person behind a connection, as the last sign-in or check found them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// The local id: that of the connection.
    pub connection: ConnectionId,
    /// The immutable id, a number of 64 bits.
    pub snowflake: String,
    /// The name by which the person is found.
    pub username: String,
    /// `0`, or four digits on an account that has not moved to the names of 2023.
    pub discriminator: String,
    /// The name the person shows, where they chose one.
    pub global_name: Option<String>,
    /// The hash of the picture, where they chose one.
    pub avatar: Option<String>,
    /// Where the picture is, also a default one.
    pub avatar_url: String,
    /// When this was found out.
    pub seen_at: Timestamp,
}

/// What an access is good for, by Discord's own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorization {
    /// The name of the application that was let in.
    pub application: String,
    /// The scopes in force.
    pub scopes: Vec<String>,
    /// When the access ends.
    pub expires: Option<Timestamp>,
}

/// A server the person is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Guild {
    /// Its immutable id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether the person owns it.
    pub owner: bool,
}
