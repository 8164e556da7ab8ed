//! Ways to obtain and renew a token set. So far one: the authorization code flow.

pub(crate) mod authorization_code;
pub(crate) mod token_answer;
