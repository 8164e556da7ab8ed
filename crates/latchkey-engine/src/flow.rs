//! Ways to obtain, renew and give back a token set. So far one: the authorization code flow.

pub(crate) mod authorization_code;
pub(crate) mod dialect;
pub(crate) mod revocation;
pub(crate) mod subject;
pub(crate) mod token_answer;
