//! Wrapping keys and where randomness comes from.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A source of unpredictable bytes. An argument, so that a simulation can replay it.
pub trait Entropy: Send {
    /// Fills `bytes`. An implementation that cannot must not return.
    fn fill(&mut self, bytes: &mut [u8]);

    /// An array of unpredictable bytes.
    fn array<const N: usize>(&mut self) -> [u8; N]
    where
        Self: Sized,
    {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

impl<E: Entropy + ?Sized> Entropy for &mut E {
    fn fill(&mut self, bytes: &mut [u8]) {
        (**self).fill(bytes);
    }
}

impl<E: Entropy + ?Sized> Entropy for Box<E> {
    fn fill(&mut self, bytes: &mut [u8]) {
        (**self).fill(bytes);
    }
}

/// Names a wrapping key without saying anything about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The key under which data keys are wrapped: 256 bits and a name.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct WrappingKey {
    #[zeroize(skip)]
    id: KeyId,
    bytes: [u8; 32],
}

impl WrappingKey {
    /// Length of [`Self::to_bytes`].
    pub const BYTES: usize = 40;

    /// A new key.
    pub fn generate(entropy: &mut impl Entropy) -> Self {
        Self { id: KeyId(entropy.array()), bytes: entropy.array() }
    }

    /// The key in the form in which a keychain or key file holds it: id, then key.
    pub fn to_bytes(&self) -> zeroize::Zeroizing<Vec<u8>> {
        let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(Self::BYTES));
        bytes.extend_from_slice(&self.id.0);
        bytes.extend_from_slice(&self.bytes);
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` for any other length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (id, key) = bytes.split_first_chunk::<8>()?;
        Some(Self { id: KeyId(*id), bytes: key.try_into().ok()? })
    }

    /// Its name.
    pub fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}

impl fmt::Debug for WrappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappingKey({}, redacted)", self.id)
    }
}
