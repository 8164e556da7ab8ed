//! The two people of the sandbox. They are fixed, so that tests and screenshots agree about names.

/// A person who has an account at the sandbox.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) email: &'static str,
    /// The `account_id` of the Spotify face: public, immutable, pseudonymous.
    pub(crate) spotify_account_id: &'static str,
    /// The id of the Discord face.
    pub(crate) snowflake: &'static str,
}

/// Everybody, in the order the consent page shows them.
pub(crate) const ACCOUNTS: [Account; 2] = [
    Account {
        id: "ada",
        name: "Ada Lovelace",
        email: "ada@sandbox.example",
        spotify_account_id: "zQ7mK2sIm1",
        snowflake: "812345678901234567",
    },
    Account {
        id: "ben",
        name: "Ben Marsh",
        email: "ben@sandbox.example",
        spotify_account_id: "zQ7mK2sIm2",
        snowflake: "80351110224678912",
    },
];

/// The account with this id.
pub(crate) fn find(id: &str) -> Option<&'static Account> {
    ACCOUNTS.iter().find(|account| account.id == id)
}
