//! The installation key and, while its successor takes over, the one before it.
//!
//! A rotation is crash-safe because both keys are kept together until nothing needs the old one: wherever a
//! process is killed, every envelope has its key.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{Envelope, EnvelopeError, WrappingKey};

/// The first line of a key file.
const TITLE: &str = "Latchkey installation key, format 1. Keep this file secret and safe.";
/// Bytes of the checksum in a key file.
const CHECKSUM: usize = 8;

/// One installation key, or two during a rotation. The current one seals; either opens.
#[derive(Debug, Clone)]
pub struct KeyRing {
    current: WrappingKey,
    previous: Option<WrappingKey>,
}

impl KeyRing {
    /// A ring with one key.
    pub fn new(current: WrappingKey) -> Self {
        Self { current, previous: None }
    }

    /// The key that seals.
    pub fn current(&self) -> &WrappingKey {
        &self.current
    }

    /// The key that is on its way out, during a rotation.
    pub fn previous(&self) -> Option<&WrappingKey> {
        self.previous.as_ref()
    }

    /// The ring with `successor` in front. `None` while another rotation is not finished.
    pub fn rotated(&self, successor: WrappingKey) -> Option<Self> {
        let free = self.previous.is_none();
        free.then(|| Self { current: successor, previous: Some(self.current.clone()) })
    }

    /// The ring without the key that is on its way out.
    #[must_use]
    pub fn retired(&self) -> Self {
        Self::new(self.current.clone())
    }

    /// Opens an envelope with the key that wraps it.
    pub fn open(&self, envelope: &Envelope, associated: &[u8]) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        envelope.open(self.key_of(envelope)?, associated)
    }

    /// Whether one of its keys wraps this envelope.
    pub fn wraps(&self, envelope: &Envelope) -> bool {
        self.key_of(envelope).is_ok()
    }

    /// The same secret under the current key. `None` where it is under that key already.
    pub fn rewrap(
        &self,
        envelope: &Envelope,
        entropy: &mut impl crate::Entropy,
    ) -> Result<Option<Envelope>, EnvelopeError> {
        let key = self.key_of(envelope)?;
        if key.id() == self.current.id() {
            return Ok(None);
        }
        envelope.rewrap(key, &self.current, entropy).map(Some)
    }

    fn key_of(&self, envelope: &Envelope) -> Result<&WrappingKey, EnvelopeError> {
        let needed = envelope.key_id()?;
        let known = [Some(&self.current), self.previous.as_ref()].into_iter().flatten();
        let other = EnvelopeError::OtherKey { needed, given: self.current.id() };
        known.into_iter().find(|key| key.id() == needed).ok_or(other)
    }

    /// The form in which a keychain holds it: the current key, then the one before.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * WrappingKey::BYTES));
        bytes.extend_from_slice(&self.current.to_bytes());
        if let Some(previous) = &self.previous {
            bytes.extend_from_slice(&previous.to_bytes());
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` for any other length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() == WrappingKey::BYTES {
            return Some(Self::new(WrappingKey::from_bytes(bytes)?));
        }
        let (current, previous) = bytes.split_at_checked(WrappingKey::BYTES)?;
        let (current, previous) = (WrappingKey::from_bytes(current)?, WrappingKey::from_bytes(previous)?);
        Some(Self { current, previous: Some(previous) })
    }

    /// The text of a key file: a title, the keys, and a checksum that tells a damaged file from a wrong one.
    pub fn to_file(&self) -> Zeroizing<String> {
        let bytes = self.to_bytes();
        let mut text = Zeroizing::new(String::with_capacity(TITLE.len() + 4 * bytes.len() + 4 * CHECKSUM));
        text.push_str(TITLE);
        text.push('\n');
        push_hex(&mut text, &bytes);
        text.push('\n');
        push_hex(&mut text, &Sha256::digest(bytes.as_slice())[..CHECKSUM]);
        text.push('\n');
        text
    }

    /// Reads [`Self::to_file`]; `None` when a single character differs.
    pub fn from_file(text: &str) -> Option<Self> {
        let hex = text.lines().nth(1)?;
        let digits = hex.as_bytes().chunks(2).map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        });
        let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(digits.collect::<Option<_>>()?);
        let ring = Self::from_bytes(&bytes)?;
        (*ring.to_file() == text).then_some(ring)
    }
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counting::Counting;

    fn ring() -> KeyRing {
        KeyRing::new(WrappingKey::generate(&mut Counting(0)))
    }

    #[test]
    fn during_a_rotation_both_keys_open_and_the_new_one_seals() {
        let mut entropy = Counting(50);
        let old = ring();
        let envelope = Envelope::seal(old.current(), b"place", b"planted", &mut entropy).unwrap();
        let both = old.rotated(WrappingKey::generate(&mut entropy)).unwrap();
        assert_eq!(both.open(&envelope, b"place").unwrap().as_slice(), b"planted");
        assert!(both.rotated(WrappingKey::generate(&mut entropy)).is_none(), "one rotation at a time");
        let moved = both.rewrap(&envelope, &mut entropy).unwrap().unwrap();
        assert_eq!(both.rewrap(&moved, &mut entropy).unwrap(), None);
        let new = both.retired();
        assert!(both.wraps(&envelope) && new.wraps(&moved) && !new.wraps(&envelope));
        assert_eq!(new.open(&moved, b"place").unwrap().as_slice(), b"planted");
        assert!(matches!(new.open(&envelope, b"place"), Err(EnvelopeError::OtherKey { .. })));
    }

    #[test]
    fn a_ring_survives_its_written_forms() {
        let one = ring();
        let two = one.rotated(WrappingKey::generate(&mut Counting(90))).unwrap();
        for ring in [one, two] {
            assert_eq!(KeyRing::from_bytes(&ring.to_bytes()).unwrap().to_bytes(), ring.to_bytes());
            assert_eq!(KeyRing::from_file(&ring.to_file()).unwrap().to_bytes(), ring.to_bytes());
        }
        for length in [0, 39, 41, 79, 81, 120] {
            assert!(KeyRing::from_bytes(&vec![0; length]).is_none(), "{length}");
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_of_a_key_file_is_noticed() {
        let text = ring().to_file();
        for at in 0..text.len() * 8 {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at / 8] ^= 1 << (at % 8);
            if let Ok(flipped) = String::from_utf8(bytes) {
                assert!(KeyRing::from_file(&flipped).is_none(), "bit {at}");
            }
        }
        for length in 0..text.len() {
            assert!(KeyRing::from_file(&text[..length]).is_none(), "cut at {length}");
        }
    }
}
