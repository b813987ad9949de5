//! The Identifier of RFC 6508.

use super::Identity;
use crate::error::{DecodeError, Part, Problem};
use alloc::boxed::Box;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use sha2::{Digest, Sha256};

/// q of parameter set 1 (RFC 6509 Appendix A), big-endian.
const Q: [u8; Identifier::MAX_BYTES] = [
    0x26, 0x5e, 0xae, 0xc7, 0xc2, 0x95, 0x8f, 0xf6, 0x99, 0x71, 0x84, 0x66, 0x36, 0xb4, 0x19, 0x5e, //
    0x90, 0x5b, 0x03, 0x38, 0x67, 0x2d, 0x20, 0x98, 0x6f, 0xa6, 0xb8, 0xd6, 0x2c, 0xf8, 0x06, 0x8b, //
    0xbd, 0x02, 0xaa, 0xc9, 0xf8, 0xbf, 0x03, 0xc6, 0xc8, 0xa1, 0xcc, 0x35, 0x4c, 0x69, 0x67, 0x2c, //
    0x39, 0xe4, 0x6c, 0xe7, 0xfd, 0xf2, 0x22, 0x86, 0x4d, 0x5b, 0x49, 0xfd, 0x29, 0x99, 0xa9, 0xb4, //
    0x38, 0x9b, 0x19, 0x21, 0xcc, 0x9a, 0xd3, 0x35, 0x14, 0x4a, 0xb1, 0x73, 0x59, 0x5a, 0x07, 0x38, //
    0x6d, 0xab, 0xfd, 0x2a, 0x0c, 0x61, 0x4a, 0xa0, 0xa9, 0xf3, 0xcf, 0x14, 0x87, 0x0f, 0x02, 0x6a, //
    0xa7, 0xe5, 0x35, 0xab, 0xd5, 0xa5, 0xc7, 0xc7, 0xff, 0x38, 0xfa, 0x08, 0xe2, 0x61, 0x5f, 0x6c, //
    0x20, 0x31, 0x77, 0xc4, 0x2b, 0x1e, 0xb3, 0xa1, 0xd9, 0x9b, 0x60, 0x1e, 0xbf, 0xaa, 0x17, 0xfb, //
];

/// An Identifier of SAKKE, "a" or "b" of RFC 6508 §2.2: octets that stand for an integer in \[2, q − 1\].
///
/// Not an [`Identity`], and there is no conversion from one: the text of an ID_2 may be longer than fits, so
/// that it enters by its hash, and a key for the octets of the text would be another key. Say what the octets
/// are:
///
/// | octets | made by |
/// |---|---|
/// | SHA-256 of an ID_2, or of another identity of any length | [`hash_of`](Self::hash_of), and `sakke_identifier` of [`ExpiringIdentity`](crate::onem2m::ExpiringIdentity) |
/// | a UID of 3GPP TS 33.180 | [`from_uid`](Self::from_uid) |
/// | month and tel URI of RFC 6509 §3.2, such as `2011-02\0tel:+447700900123\0` | [`from_raw`](Self::from_raw) |
/// | any others | [`from_raw`](Self::from_raw) |
///
/// # Equality
/// Two identifiers are equal exactly when their integers are, since those have one key: `"\0ab"` equals
/// `"ab"`. The hash that gives r takes the [octets](Self::as_bytes) as they are, so that data for one of them
/// cannot be decapsulated as the other. Where that matters, compare octets.
///
/// # Leading zeros
/// Whoever obtains the key of `"\0ab"` has that of `"ab"`. [`from_raw`](Self::from_raw) takes such octets, as
/// the RFC does, to send and to receive; [issuing](crate::sakke::KmsSecretKey::issue) a key for them is refused,
/// unless [`allow_leading_zeros`](Self::allow_leading_zeros) says that they are meant. Forms of a fixed length
/// have one text for each integer, and may begin with zeros.
#[derive(Clone)]
#[doc(alias = "UID")]
pub struct Identifier {
    octets: Box<[u8]>,
    /// Are zero octets in front part of the form?
    fixed_form: bool,
}

impl Identifier {
    /// Most octets of the integer: those of q. 127 always fit.
    pub const MAX_BYTES: usize = 128;

    /// Takes `octets` as they are, with zeros in front of them if they have some. Not for the text of an ID_2:
    /// see [`hash_of`](Self::hash_of).
    ///
    /// # Errors
    /// [`Problem::TooLong`] if more than 128 octets follow the leading zeros; [`Problem::OutOfRange`] if
    /// the integer is 0, 1, or not below q.
    ///
    /// # Timing
    /// Variable; identifiers are public.
    pub fn from_raw(octets: &[u8]) -> Result<Self, DecodeError> {
        let refused = |problem| Err(DecodeError::new(Part::Identity, problem));
        match digits(octets) {
            [] | [1] => refused(Problem::OutOfRange),
            digits if digits.len() > Self::MAX_BYTES => {
                refused(Problem::TooLong { max: Self::MAX_BYTES, got: digits.len() })
            }
            digits if digits.len() == Q.len() && *digits >= Q[..] => refused(Problem::OutOfRange),
            _ => Ok(Self { octets: octets.into(), fixed_form: false }),
        }
    }

    /// SHA-256 of an identity's octets: the identifier of an ID_2, always, also of one that would fit, so that one
    /// identity has one key.
    ///
    /// # Panics
    /// If the hash is 0 or 1: nobody can find such an identity.
    ///
    /// # Timing
    /// Depends on the length of `id`.
    pub fn hash_of(id: Identity<'_>) -> Self {
        Self::from_uid(&Sha256::digest(id.as_bytes()).into()).expect("no preimage of 0 or 1 can be found")
    }

    /// A UID of 3GPP TS 33.180 Annex F.2.1, or another identifier of exactly 32 octets by its form.
    ///
    /// # Errors
    /// [`Problem::OutOfRange`] for 0 and 1.
    pub fn from_uid(uid: &[u8; 32]) -> Result<Self, DecodeError> {
        Ok(Self { fixed_form: true, ..Self::from_raw(uid)? })
    }

    /// The same identifier, for which a key is issued though zeros stand in front: say so only where no other
    /// identifier can have the same integer, or for test vectors.
    pub fn allow_leading_zeros(self) -> Self {
        Self { fixed_form: true, ..self }
    }

    /// The octets, as they enter the hash that gives r.
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets
    }

    /// The integer, 128 octets, big-endian.
    pub(crate) fn integer(&self) -> [u8; Self::MAX_BYTES] {
        let (mut integer, digits) = ([0; Self::MAX_BYTES], digits(&self.octets));
        integer[Self::MAX_BYTES - digits.len()..].copy_from_slice(digits);
        integer
    }

    /// Refuses octets whose key is that of others as well.
    pub(crate) fn check_unambiguous(&self) -> Result<(), DecodeError> {
        if self.octets.first() == Some(&0) && !self.fixed_form {
            return Err(DecodeError::new(Part::Identity, Problem::LeadingZero));
        }
        Ok(())
    }

    /// By size: without zeros in front, the longer one is larger.
    fn key(&self) -> (usize, &[u8]) {
        let digits = digits(&self.octets);
        (digits.len(), digits)
    }
}

/// The octets without the zeros in front of them.
fn digits(octets: &[u8]) -> &[u8] {
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    &octets[zeros..]
}

impl PartialEq for Identifier {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Identifier {}

impl PartialOrd for Identifier {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Identifier {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl Hash for Identifier {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identifier(\"{}\")", self.octets.escape_ascii())
    }
}
