//! What an OpenID Connect relying party must check, without any I/O: bytes and times go in, verdicts come out.
//!
//! A discovery document is believed only for the very issuer it was asked of ([`Metadata`]); an ID token only
//! with a signature of that issuer's published keys ([`KeySet`]) and with every claim as OpenID Connect Core
//! 3.1.3.7 has it ([`Expected::verify`]). `jsonwebtoken` does the signatures; each rule about what they mean is
//! written out here, because libraries leave some of them out (`azp`, the age of `iat`, keys that are too short).

mod discovery;
mod dpop;
mod id_token;
mod keys;
mod userinfo;

pub use discovery::{Metadata, MetadataError, Registration, well_known_urls};
pub use dpop::{DpopError, DpopKey, Proof};
pub use id_token::{Claims, Expected, IdTokenError, Refreshed, Session};
pub use keys::{KeyCache, KeySet, KeySetError};
pub use userinfo::{UserInfoError, check_subject};
