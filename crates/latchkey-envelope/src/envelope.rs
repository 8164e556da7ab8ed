//! Sealing, opening and rewrapping.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use zeroize::Zeroizing;

use crate::{Entropy, KeyId, WrappingKey};

const VERSION: u8 = 1;
const NONCE: usize = 12;
const WRAPPED: usize = 32 + 16;
const TAG: usize = 16;
const HEADER: usize = 1 + 8 + NONCE + WRAPPED + NONCE;

/// Why an envelope does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// It was written by a later version of this format.
    #[error("the envelope has format {0}, this program reads format {VERSION}")]
    Version(u8),
    /// It is wrapped under another key.
    #[error("the envelope needs key {needed}, the key at hand is {given}")]
    OtherKey {
        /// The key that wraps it.
        needed: KeyId,
        /// The key that was offered.
        given: KeyId,
    },
    /// It was changed, cut, or belongs to another place.
    #[error("the envelope is damaged or belongs to another record")]
    Damaged,
}

/// A sealed secret. Its bytes may be written anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope(Vec<u8>);

impl Envelope {
    /// Seals `secret` under a fresh data key, wrapped by `key` and bound to `associated` data.
    pub fn seal(
        key: &WrappingKey,
        associated: &[u8],
        secret: &[u8],
        entropy: &mut impl Entropy,
    ) -> Result<Self, EnvelopeError> {
        let data_key = Zeroizing::new(entropy.array::<32>());
        let nonce = entropy.array::<NONCE>();
        let ciphertext = encrypt(data_key.as_slice(), &nonce, &payload_context(associated), secret)?;
        let mut bytes = wrap(key, data_key.as_slice(), entropy)?;
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&ciphertext);
        Ok(Self(bytes))
    }

    /// Opens the envelope where it belongs.
    pub fn open(&self, key: &WrappingKey, associated: &[u8]) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let data_key = self.unwrap_data_key(key)?;
        let nonce = field(&self.0, HEADER - NONCE)?;
        decrypt(&data_key, nonce, &payload_context(associated), &self.0[HEADER..])
    }

    /// The same secret under another wrapping key. The secret itself is not decrypted.
    pub fn rewrap(
        &self,
        old: &WrappingKey,
        new: &WrappingKey,
        entropy: &mut impl Entropy,
    ) -> Result<Self, EnvelopeError> {
        let data_key = self.unwrap_data_key(old)?;
        let mut bytes = wrap(new, &data_key, entropy)?;
        bytes.extend_from_slice(&self.0[HEADER - NONCE..]);
        Ok(Self(bytes))
    }

    /// Which key wraps it.
    pub fn key_id(&self) -> Result<KeyId, EnvelopeError> {
        self.check_form()?;
        Ok(KeyId(*field(&self.0, 1)?))
    }

    /// The bytes to write.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Bytes that were read. Nothing is checked until the envelope is opened.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    fn check_form(&self) -> Result<(), EnvelopeError> {
        match self.0.first() {
            Some(&VERSION) if self.0.len() >= HEADER + TAG => Ok(()),
            Some(&VERSION) | None => Err(EnvelopeError::Damaged),
            Some(&other) => Err(EnvelopeError::Version(other)),
        }
    }

    fn unwrap_data_key(&self, key: &WrappingKey) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let needed = self.key_id()?;
        if needed != key.id() {
            return Err(EnvelopeError::OtherKey { needed, given: key.id() });
        }
        let nonce = field(&self.0, 9)?;
        let wrapped = &self.0[9 + NONCE..9 + NONCE + WRAPPED];
        decrypt(key.bytes(), nonce, &wrap_context(key.id()), wrapped)
    }
}

fn wrap(key: &WrappingKey, data_key: &[u8], entropy: &mut impl Entropy) -> Result<Vec<u8>, EnvelopeError> {
    let nonce = entropy.array::<NONCE>();
    let wrapped = encrypt(key.bytes(), &nonce, &wrap_context(key.id()), data_key)?;
    let mut bytes = Vec::with_capacity(HEADER);
    bytes.push(VERSION);
    bytes.extend_from_slice(&key.id().0);
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&wrapped);
    Ok(bytes)
}

fn wrap_context(id: KeyId) -> Vec<u8> {
    [b"latchkey-data-key".as_slice(), &[VERSION], &id.0].concat()
}

fn payload_context(associated: &[u8]) -> Vec<u8> {
    [b"latchkey-payload".as_slice(), &[VERSION], associated].concat()
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Result<&[u8; N], EnvelopeError> {
    bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or(EnvelopeError::Damaged)
}

fn encrypt(key: &[u8], nonce: &[u8; NONCE], aad: &[u8], msg: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    let cipher = Aes256Gcm::new_from_slice(key).map_err(|_| EnvelopeError::Damaged)?;
    cipher.encrypt(&Nonce::from(*nonce), Payload { msg, aad }).map_err(|_| EnvelopeError::Damaged)
}

fn decrypt(
    key: &[u8],
    nonce: &[u8; NONCE],
    aad: &[u8],
    msg: &[u8],
) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    let cipher = Aes256Gcm::new_from_slice(key).map_err(|_| EnvelopeError::Damaged)?;
    let plain = cipher.decrypt(&Nonce::from(*nonce), Payload { msg, aad });
    plain.map(Zeroizing::new).map_err(|_| EnvelopeError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counting::Counting;

    const PLACE: &[u8] = b"c-1/epoch 2/generation 3";

    fn sealed() -> (WrappingKey, Envelope) {
        let mut entropy = Counting(0);
        let key = WrappingKey::generate(&mut entropy);
        let envelope = Envelope::seal(&key, PLACE, b"refresh-me", &mut entropy).unwrap();
        (key, envelope)
    }

    #[test]
    fn an_envelope_opens_where_it_belongs_and_nowhere_else() {
        let (key, envelope) = sealed();
        assert_eq!(envelope.open(&key, PLACE).unwrap().as_slice(), b"refresh-me");
        let elsewhere = envelope.open(&key, b"c-1/epoch 2/generation 4");
        assert_eq!(elsewhere.unwrap_err(), EnvelopeError::Damaged);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let (key, envelope) = sealed();
        for at in 0..envelope.as_bytes().len() * 8 {
            let mut bytes = envelope.as_bytes().to_vec();
            bytes[at / 8] ^= 1 << (at % 8);
            assert!(Envelope::from_bytes(bytes).open(&key, PLACE).is_err(), "bit {at}");
        }
        for length in 0..envelope.as_bytes().len() {
            let cut = Envelope::from_bytes(envelope.as_bytes()[..length].to_vec());
            assert!(cut.open(&key, PLACE).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn the_secret_is_not_in_the_envelope() {
        let (_, envelope) = sealed();
        assert!(!envelope.as_bytes().windows(7).any(|window| window == b"refresh"));
    }

    #[test]
    fn rewrapping_changes_the_key_and_keeps_the_ciphertext() {
        let (old, envelope) = sealed();
        let mut entropy = Counting(100);
        let new = WrappingKey::generate(&mut entropy);
        let moved = envelope.rewrap(&old, &new, &mut entropy).unwrap();
        assert_eq!(moved.open(&new, PLACE).unwrap().as_slice(), b"refresh-me");
        assert_eq!(moved.as_bytes()[HEADER..], envelope.as_bytes()[HEADER..]);
        let refused = EnvelopeError::OtherKey { needed: new.id(), given: old.id() };
        assert_eq!(moved.open(&old, PLACE).unwrap_err(), refused);
    }

    #[test]
    fn a_later_format_is_named_rather_than_called_damaged() {
        let (key, envelope) = sealed();
        let mut bytes = envelope.as_bytes().to_vec();
        bytes[0] = 2;
        assert_eq!(Envelope::from_bytes(bytes).open(&key, PLACE).unwrap_err(), EnvelopeError::Version(2));
    }

    #[test]
    fn a_wrapping_key_survives_its_written_form_and_never_prints() {
        let (key, envelope) = sealed();
        let read = WrappingKey::from_bytes(&key.to_bytes()).unwrap();
        assert!(envelope.open(&read, PLACE).is_ok());
        assert!(WrappingKey::from_bytes(&key.to_bytes()[1..]).is_none());
        assert_eq!(format!("{key:?}"), "WrappingKey(0102030405060708, redacted)");
    }
}
