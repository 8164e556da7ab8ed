//! Randomness as an argument.

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
pub use latchkey_envelope::Entropy;

/// The operating system's random source.
#[derive(Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place where randomness is drawn")]
    fn fill(&mut self, bytes: &mut [u8]) {
        // Without randomness there is no safe way on: a predictable `state` or key is worse than a stop.
        #[expect(clippy::expect_used, reason = "getrandom fails only on systems that cannot run at all")]
        getrandom::fill(bytes).expect("the operating system gives no random bytes");
    }
}

/// One random source shared by the whole engine.
pub(crate) struct SharedEntropy(Mutex<Box<dyn Entropy>>);

impl SharedEntropy {
    pub(crate) fn new(source: Box<dyn Entropy>) -> Self {
        Self(Mutex::new(source))
    }

    /// Lends the source to `draw`.
    pub(crate) fn with<T>(&self, draw: impl FnOnce(&mut Box<dyn Entropy>) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// 256 random bits as 43 characters of base64url: the form of a `state` and of a code verifier
    /// (RFC 7636 4.1).
    pub(crate) fn text(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.with(Entropy::array::<32>))
    }

    /// A random id with a prefix: 80 bits as lower-case hexadecimal.
    pub(crate) fn id(&self, prefix: &str) -> String {
        let bytes = self.with(Entropy::array::<10>);
        bytes.iter().fold(prefix.to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }

    /// A number from 0 up to, not including, `bound`; 0 for a bound below 1.
    pub(crate) fn below(&self, bound: i64) -> i64 {
        let drawn = i64::from_le_bytes(self.with(Entropy::array::<8>)) & i64::MAX;
        if bound < 1 { 0 } else { drawn % bound }
    }
}
