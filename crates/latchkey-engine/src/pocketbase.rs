//! PocketBase, which is no OAuth provider: records of a collection sign in with a password, a code by mail or
//! another service, and the token they get renews itself.
//!
//! One file per question: where is it, what does it offer, what is asked, what does an answer mean.

mod address;
mod answer;
mod calls;
mod claims;
mod methods;

pub(crate) use address::{Address, Realm, RealmFault, USERS};
pub(crate) use answer::{Admission, Refusal, Session};
pub(crate) use calls::{Mail, Redemption};
pub(crate) use methods::Methods;
