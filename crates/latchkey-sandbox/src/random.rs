//! Where codes and tokens come from: one seed per sandbox, so that only the start can fail and a demo can be
//! repeated exactly.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A sequence of unguessable names.
#[derive(Debug)]
pub(crate) struct Entropy {
    seed: [u8; 32],
    drawn: u64,
}

impl Entropy {
    /// Uses the given seed, or one from the operating system.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the operating system for randomness"
    )]
    pub(crate) fn new(seed: Option<[u8; 32]>) -> io::Result<Self> {
        let seed = if let Some(seed) = seed {
            seed
        } else {
            let mut fresh = [0; 32];
            getrandom::fill(&mut fresh).map_err(io::Error::other)?;
            fresh
        };
        Ok(Self { seed, drawn: 0 })
    }

    /// A name of 256 bits: the prefix, then 43 characters of base64url.
    pub(crate) fn name(&mut self, prefix: &str) -> String {
        self.drawn += 1;
        let digest = Sha256::new().chain_update(self.seed).chain_update(self.drawn.to_be_bytes()).finalize();
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_its_names_do_not() {
        let mut one = Entropy::new(Some([7; 32])).unwrap();
        let mut two = Entropy::new(Some([7; 32])).unwrap();
        let first = one.name("sbx_");
        assert_eq!(first, two.name("sbx_"));
        assert_ne!(first, one.name("sbx_"));
        assert_eq!(first.len(), "sbx_".len() + 43);
    }
}
