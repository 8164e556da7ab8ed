//! Secrets sealed under a passphrase: the installation key on a computer without a keychain, and backups.
//!
//! The passphrase becomes a key by Argon2id (RFC 9106); salt and cost stand in the header, so that a later
//! default reads earlier files. A checksum over everything tells damage from a wrong passphrase, and before
//! any time is spent on deriving.

use std::fmt;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::Entropy;

const VERSION: u8 = 1;
const SALT: usize = 16;
const NONCE: usize = 12;
const TAG: usize = 16;
const CHECKSUM: usize = 32;
const COST: usize = 4 + 4 + 1;
const HEADER: usize = 1 + COST + SALT + NONCE;

/// Why something sealed under a passphrase does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// It was written by a later version of this format.
    #[error("the sealed data has format {0}, this program reads format {VERSION}")]
    Version(u8),
    /// It was changed or cut.
    #[error("the sealed data is damaged")]
    Damaged,
    /// It is whole and asks for more memory or time than this program spends.
    #[error("the sealed data asks for more work than is allowed")]
    TooCostly,
    /// It is whole, and this is another passphrase, or it belongs to another place.
    #[error("the passphrase does not fit")]
    WrongPassphrase,
}

/// What guessing costs: the parameters of Argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    memory_kib: u32,
    /// Passes over the memory.
    passes: u32,
    /// Lanes.
    lanes: u8,
}

impl Cost {
    /// The second recommended choice of RFC 9106, section 4: 64 MiB, three passes, four lanes.
    pub const DEFAULT: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 };
    /// The most memory that a file may ask for, in KiB: 256 MiB.
    const MOST_MEMORY_KIB: u32 = 256 * 1024;
    /// The most passes that a file may ask for; with the most memory these are seconds.
    const MOST_PASSES: u32 = 16;
    /// The most lanes that a file may ask for.
    const MOST_LANES: u8 = 16;

    /// A cost within the bounds: 8 KiB for each lane up to 256 MiB, 16 passes and 16 lanes at most.
    pub fn new(memory_kib: u32, passes: u32, lanes: u8) -> Option<Self> {
        let least = 8 * u32::from(lanes);
        let within = (1..=Self::MOST_LANES).contains(&lanes)
            && (1..=Self::MOST_PASSES).contains(&passes)
            && (least..=Self::MOST_MEMORY_KIB).contains(&memory_kib);
        within.then_some(Self { memory_kib, passes, lanes })
    }

    fn to_bytes(self) -> [u8; COST] {
        let mut bytes = [0; COST];
        bytes[..4].copy_from_slice(&self.memory_kib.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.passes.to_be_bytes());
        bytes[8] = self.lanes;
        bytes
    }

    fn from_bytes(bytes: [u8; COST]) -> Option<Self> {
        let [m0, m1, m2, m3, p0, p1, p2, p3, lanes] = bytes;
        Self::new(u32::from_be_bytes([m0, m1, m2, m3]), u32::from_be_bytes([p0, p1, p2, p3]), lanes)
    }
}

/// A key derived from a passphrase, with what it was derived by: it seals again without the passphrase.
#[derive(Clone)]
pub struct PassphraseKey {
    cost: Cost,
    salt: [u8; SALT],
    key: Zeroizing<[u8; 32]>,
}

impl PassphraseKey {
    /// Derives a key under a fresh salt. Takes as long as `cost` says: not for a thread that others wait for.
    pub fn derive(
        passphrase: &[u8],
        cost: Cost,
        entropy: &mut impl Entropy,
    ) -> Result<Self, PassphraseError> {
        Self::derive_with(passphrase, cost, entropy.array())
    }

    fn derive_with(passphrase: &[u8], cost: Cost, salt: [u8; SALT]) -> Result<Self, PassphraseError> {
        let refused = |_| PassphraseError::TooCostly;
        let params = Params::new(cost.memory_kib, cost.passes, u32::from(cost.lanes), Some(32));
        let params = params.map_err(refused)?;
        let mut memory = vec![Block::default(); params.block_count()];
        let mut key = Zeroizing::new([0; 32]);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let derived =
            argon2.hash_password_into_with_memory(passphrase, &salt, key.as_mut_slice(), &mut memory);
        memory.iter_mut().for_each(Zeroize::zeroize);
        derived.map_err(refused)?;
        Ok(Self { cost, salt, key })
    }

    /// Seals `secret`, bound to `associated` data.
    pub fn seal(
        &self,
        associated: &[u8],
        secret: &[u8],
        entropy: &mut impl Entropy,
    ) -> Result<PassphraseEnvelope, PassphraseError> {
        let mut bytes = Vec::with_capacity(HEADER + secret.len() + TAG + CHECKSUM);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.cost.to_bytes());
        bytes.extend_from_slice(&self.salt);
        let nonce = entropy.array::<NONCE>();
        bytes.extend_from_slice(&nonce);
        let aad = context(&bytes, associated);
        let ciphertext = self.cipher()?.encrypt(&Nonce::from(nonce), Payload { msg: secret, aad: &aad });
        bytes.extend_from_slice(&ciphertext.map_err(|_| PassphraseError::Damaged)?);
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&checksum);
        Ok(PassphraseEnvelope(bytes))
    }

    fn cipher(&self) -> Result<Aes256Gcm, PassphraseError> {
        Aes256Gcm::new_from_slice(self.key.as_slice()).map_err(|_| PassphraseError::Damaged)
    }
}

impl fmt::Debug for PassphraseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PassphraseKey").field("cost", &self.cost).finish_non_exhaustive()
    }
}

/// A secret sealed under a passphrase. Its bytes may be written anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassphraseEnvelope(Vec<u8>);

impl PassphraseEnvelope {
    /// Opens it where it belongs. The key comes along, so that the owner can seal anew without asking again.
    /// Takes as long as its header says, within the bounds of [`Cost::new`].
    pub fn open(
        &self,
        passphrase: &[u8],
        associated: &[u8],
    ) -> Result<(Zeroizing<Vec<u8>>, PassphraseKey), PassphraseError> {
        let body = self.body()?;
        let (header, ciphertext) = body.split_at(HEADER);
        let field = |at: usize| header.get(at..).ok_or(PassphraseError::Damaged);
        let cost = *field(1)?.first_chunk::<COST>().ok_or(PassphraseError::Damaged)?;
        let cost = Cost::from_bytes(cost).ok_or(PassphraseError::TooCostly)?;
        let salt = *field(1 + COST)?.first_chunk::<SALT>().ok_or(PassphraseError::Damaged)?;
        let nonce = *field(1 + COST + SALT)?.first_chunk::<NONCE>().ok_or(PassphraseError::Damaged)?;
        let key = PassphraseKey::derive_with(passphrase, cost, salt)?;
        let aad = context(header, associated);
        let opened = key.cipher()?.decrypt(&Nonce::from(nonce), Payload { msg: ciphertext, aad: &aad });
        let secret = opened.map(Zeroizing::new).map_err(|_| PassphraseError::WrongPassphrase)?;
        Ok((secret, key))
    }

    /// The bytes to write.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Bytes that were read. Nothing is checked until it is opened.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Everything before the checksum, if that is right.
    fn body(&self) -> Result<&[u8], PassphraseError> {
        match self.0.first() {
            Some(&VERSION) if self.0.len() >= HEADER + TAG + CHECKSUM => {}
            Some(&VERSION) | None => return Err(PassphraseError::Damaged),
            Some(&other) => return Err(PassphraseError::Version(other)),
        }
        let (body, checksum) = self.0.split_at(self.0.len() - CHECKSUM);
        if Sha256::digest(body).as_slice() == checksum { Ok(body) } else { Err(PassphraseError::Damaged) }
    }
}

fn context(header: &[u8], associated: &[u8]) -> Vec<u8> {
    [b"latchkey-passphrase".as_slice(), header, associated].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counting::Counting;

    const PLACE: &[u8] = b"installation key of i-1";
    const PASSPHRASE: &[u8] = b"correct horse battery";

    fn sealed() -> PassphraseEnvelope {
        let cheap = Cost::new(32, 1, 1).unwrap();
        let key = PassphraseKey::derive(PASSPHRASE, cheap, &mut Counting(0)).unwrap();
        key.seal(PLACE, b"planted-key", &mut Counting(40)).unwrap()
    }

    /// As somebody would change it who knows the format: with a checksum that fits.
    fn with_checksum(mut body: Vec<u8>) -> PassphraseEnvelope {
        let checksum = Sha256::digest(&body);
        body.extend_from_slice(&checksum);
        PassphraseEnvelope::from_bytes(body)
    }

    #[test]
    fn it_opens_with_its_passphrase_in_its_place_and_not_otherwise() {
        let (secret, key) = sealed().open(PASSPHRASE, PLACE).unwrap();
        assert_eq!(secret.as_slice(), b"planted-key");
        let wrong = PassphraseError::WrongPassphrase;
        assert_eq!(sealed().open(b"correct horse batterz", PLACE).unwrap_err(), wrong);
        assert_eq!(sealed().open(b"", PLACE).unwrap_err(), wrong);
        assert_eq!(sealed().open(PASSPHRASE, b"installation key of i-2").unwrap_err(), wrong);
        let again = key.seal(PLACE, b"another key", &mut Counting(80)).unwrap();
        assert_eq!(again.open(PASSPHRASE, PLACE).unwrap().0.as_slice(), b"another key");
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_called_damage_and_never_a_wrong_passphrase() {
        let sealed = sealed();
        let bytes = sealed.as_bytes();
        for at in 0..bytes.len() * 8 {
            let mut flipped = bytes.to_vec();
            flipped[at / 8] ^= 1 << (at % 8);
            let error = PassphraseEnvelope::from_bytes(flipped).open(PASSPHRASE, PLACE).unwrap_err();
            let expected = if at < 8 {
                PassphraseError::Version(bytes[0] ^ (1 << at))
            } else {
                PassphraseError::Damaged
            };
            assert_eq!(error, expected, "bit {at}");
        }
        for length in 0..bytes.len() {
            let cut = PassphraseEnvelope::from_bytes(bytes[..length].to_vec());
            assert_eq!(cut.open(PASSPHRASE, PLACE).unwrap_err(), PassphraseError::Damaged, "cut at {length}");
        }
    }

    #[test]
    fn whoever_mends_the_checksum_still_changes_nothing_unnoticed() {
        let sealed = sealed();
        let body = &sealed.as_bytes()[..sealed.as_bytes().len() - CHECKSUM];
        for at in (8..body.len() * 8).step_by(3) {
            let mut flipped = body.to_vec();
            flipped[at / 8] ^= 1 << (at % 8);
            if flipped[1..=COST] != body[1..=COST] {
                // Deriving at another cost takes its time; the bounds have a test of their own.
                continue;
            }
            assert!(with_checksum(flipped).open(PASSPHRASE, PLACE).is_err(), "bit {at}");
        }
    }

    #[test]
    fn a_hostile_header_cannot_ask_for_all_memory_or_time() {
        let sealed = sealed();
        let body = &sealed.as_bytes()[..sealed.as_bytes().len() - CHECKSUM];
        for (at, value) in
            [(1, u32::MAX), (1, 256 * 1024 + 1), (1, 0), (1, 7), (5, u32::MAX), (5, 17), (5, 0)]
        {
            let mut hostile = body.to_vec();
            hostile[at..at + 4].copy_from_slice(&value.to_be_bytes());
            let error = with_checksum(hostile).open(PASSPHRASE, PLACE).unwrap_err();
            assert_eq!(error, PassphraseError::TooCostly, "{value} at {at}");
        }
        for lanes in [0, 17, 255] {
            let mut hostile = body.to_vec();
            hostile[9] = lanes;
            assert_eq!(
                with_checksum(hostile).open(PASSPHRASE, PLACE).unwrap_err(),
                PassphraseError::TooCostly
            );
        }
    }

    #[test]
    fn the_default_costs_what_is_promised_and_is_within_the_bounds() {
        let Cost { memory_kib, passes, lanes } = Cost::DEFAULT;
        assert!(memory_kib >= 64 * 1024 && passes >= 3);
        assert_eq!(Cost::new(memory_kib, passes, lanes), Some(Cost::DEFAULT));
        assert_eq!(Cost::from_bytes(Cost::DEFAULT.to_bytes()), Some(Cost::DEFAULT));
    }

    #[test]
    fn a_salt_is_used_once_and_nothing_prints_the_key() {
        let cheap = Cost::new(32, 1, 1).unwrap();
        let mut entropy = Counting(0);
        let one = PassphraseKey::derive(PASSPHRASE, cheap, &mut entropy).unwrap();
        let other = PassphraseKey::derive(PASSPHRASE, cheap, &mut entropy).unwrap();
        assert_ne!(one.key, other.key);
        assert!(!format!("{one:?}").contains("key:"), "{one:?}");
        assert!(!sealed().as_bytes().windows(7).any(|window| window == b"planted"));
    }
}
