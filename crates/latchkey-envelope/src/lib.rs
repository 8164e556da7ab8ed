//! Envelopes: how a secret rests anywhere at all.
//!
//! A secret is encrypted with AES-256-GCM under a data key made for it alone; the data key is encrypted
//! under a wrapping key that lives somewhere else (the OS keychain, an operator's key file). Replacing the
//! wrapping key therefore rewraps 48 bytes a record and never touches the secret itself. The associated
//! data binds an envelope to its place, so that one moved to another row, or an older one put back, does
//! not open there.
//!
//! Format, version 1, all lengths fixed but the last (bytes):
//!
//! ```text
//! 0      1         9           21                69      81
//! ┌──────┬─────────┬───────────┬─────────────────┬───────┬───────────────────┐
//! │ 0x01 │ key id  │ wrap nonce│ wrapped data key│ nonce │ ciphertext + tag  │
//! └──────┴─────────┴───────────┴─────────────────┴───────┴───────────────────┘
//! ```
//!
//! Where there is no keychain the wrapping key itself is sealed under a passphrase, and so is a backup
//! ([`PassphraseEnvelope`], version 1):
//!
//! ```text
//! 0      1            5        9       10     26      38                 n-32
//! ┌──────┬────────────┬────────┬───────┬──────┬───────┬──────────────────┬──────────┐
//! │ 0x01 │ memory KiB │ passes │ lanes │ salt │ nonce │ ciphertext + tag │ SHA-256  │
//! └──────┴────────────┴────────┴───────┴──────┴───────┴──────────────────┴──────────┘
//! ```
//!
//! The crate has no I/O, no clock and no randomness of its own: callers pass an [`Entropy`].

#[cfg(test)]
mod counting;
mod envelope;
mod key;
mod key_ring;
mod passphrase;

pub use envelope::{Envelope, EnvelopeError};
pub use key::{Entropy, KeyId, WrappingKey};
pub use key_ring::KeyRing;
pub use passphrase::{Cost, PassphraseEnvelope, PassphraseError, PassphraseKey};
