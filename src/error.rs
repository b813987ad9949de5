//! What can go wrong in the core: small, `Copy`, free of secret data.

use core::fmt;

/// Why an operation of [`eccsi`](crate::eccsi) or [`sakke`](crate::sakke) refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Octets from outside are no encoding of the value they should be.
    Decode(DecodeError),
    /// A delivered key does not belong to this identity and this KMS public key.
    InvalidKey,
    /// The signature does not verify. Which step failed is not told.
    InvalidSignature,
    /// The Encapsulated Data were not made for this key, or were changed. Which step failed is not
    /// told.
    DecapsulationFailed,
    /// The identity and the master key lead to a value that RFC 6508 excludes; no key exists for it.
    UnusableIdentity,
    /// A nonce that was given by hand leads to a value the RFC excludes; take another.
    UnusableNonce,
    /// The random generator failed; nothing was computed.
    Rng,
}

/// Why a batch was refused, or one item of it: the [`Error`] that the item alone would give, and which it was.
///
/// `?` turns it into an [`Error`] where the place does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchError {
    /// The place of the item in the list that was given, from 0 on.
    pub index: usize,
    /// What was wrong with it.
    pub error: Error,
}

#[cfg(any(feature = "eccsi", feature = "sakke"))]
impl BatchError {
    pub(crate) const fn new(index: usize, error: Error) -> Self {
        Self { index, error }
    }
}

/// What is wrong with an encoding, and in which part of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// The value that was being read, by its name in the specification.
    pub part: Part,
    /// What is wrong with it.
    pub problem: Problem,
}

/// Names of the encoded values, as the specifications call them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// KMS Secret Authentication Key.
    Ksak,
    /// KMS Public Authentication Key.
    Kpak,
    /// The tag that names a KPAK.
    KpakTag,
    /// Secret Signing Key.
    Ssk,
    /// Public Validation Token.
    Pvt,
    /// A signature as a whole.
    Signature,
    /// The integer r of a signature.
    R,
    /// The integer s of a signature.
    S,
    /// A nonce given by hand: j or v.
    Nonce,
    /// SAKKE master secret, z.
    MasterSecret,
    /// SAKKE KMS public key, Z.
    Z,
    /// SAKKE Receiver Secret Key.
    Rsk,
    /// SAKKE Encapsulated Data as a whole.
    EncapsulatedData,
    /// The point R of SAKKE Encapsulated Data.
    EncapsulatedPoint,
    /// Shared Secret Value.
    Ssv,
    /// An identity, where it stands for an integer (RFC 6508).
    Identity,
}

/// The ways in which an encoding can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// Wrong number of octets.
    Length {
        /// Octets the encoding has.
        expected: usize,
        /// Octets that were given.
        got: usize,
    },
    /// The first octet of a point is not that of the one form allowed here.
    PointForm {
        /// The octet required: 04 (uncompressed), or 02 / 03 (compressed, shown as 02).
        expected: u8,
        /// The octet found.
        got: u8,
    },
    /// More octets than the encoding may have.
    TooLong {
        /// Most octets that it may have.
        max: usize,
        /// Octets that were given.
        got: usize,
    },
    /// Not an even number of hexadecimal digits.
    NotHexadecimal,
    /// Zero octets in front, which change the name but not the integer that it stands for.
    LeadingZero,
    /// A coordinate is not smaller than the field prime.
    NotReduced,
    /// The coordinates satisfy no curve equation.
    NotOnCurve,
    /// The point is not of the order it should have.
    WrongOrder,
    /// An integer lies outside its range.
    OutOfRange,
}

#[cfg(any(feature = "eccsi", feature = "sakke"))]
impl DecodeError {
    pub(crate) const fn new(part: Part, problem: Problem) -> Self {
        Self { part, problem }
    }

    /// Checks the length of `octets` and gives them as an array.
    pub(crate) fn array<const N: usize>(part: Part, octets: &[u8]) -> Result<&[u8; N], Self> {
        octets.try_into().map_err(|_| Self::new(part, Problem::Length { expected: N, got: octets.len() }))
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<BatchError> for Error {
    fn from(error: BatchError) -> Self {
        error.error
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "item {}: {}", self.index, self.error)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ksak => "KSAK",
            Self::Kpak => "KPAK",
            Self::KpakTag => "tag of a KPAK",
            Self::Ssk => "SSK",
            Self::Pvt => "PVT",
            Self::Signature => "signature",
            Self::R => "r",
            Self::S => "s",
            Self::Nonce => "nonce",
            Self::MasterSecret => "z",
            Self::Z => "Z",
            Self::Rsk => "RSK",
            Self::EncapsulatedData => "Encapsulated Data",
            Self::EncapsulatedPoint => "R",
            Self::Ssv => "SSV",
            Self::Identity => "identity",
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { expected, got } => write!(f, "{expected} octets expected, {got} given"),
            Self::PointForm { expected, got } => {
                write!(f, "point form {expected:02x} expected, {got:02x} given")
            }
            Self::TooLong { max, got } => write!(f, "at most {max} octets allowed, {got} given"),
            Self::NotHexadecimal => f.write_str("not an even number of hexadecimal digits"),
            Self::LeadingZero => f.write_str("leading zero octets: the key is that of the name without them"),
            Self::NotReduced => f.write_str("coordinate not below the field prime"),
            Self::NotOnCurve => f.write_str("point not on the curve"),
            Self::WrongOrder => f.write_str("point of the wrong order"),
            Self::OutOfRange => f.write_str("integer out of range"),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part, self.problem)?;
        match (self.part, self.problem) {
            (Part::Identity, Problem::TooLong { .. }) => {
                f.write_str("; an ID_2 enters SAKKE by its hash, as `sakke_identifier` gives it")
            }
            (Part::Identity, Problem::OutOfRange) => f.write_str(", which is 2 to q − 1"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => error.fmt(f),
            Self::InvalidKey => f.write_str("key does not belong to this identity and KMS public key"),
            Self::InvalidSignature => f.write_str("signature does not verify"),
            Self::DecapsulationFailed => f.write_str("encapsulated data not for this key, or changed"),
            Self::UnusableIdentity => f.write_str("no key exists for this identity under this master key"),
            Self::UnusableNonce => f.write_str("nonce leads to an excluded value, take another"),
            Self::Rng => f.write_str("random generator failed"),
        }
    }
}

impl core::error::Error for DecodeError {}

impl core::error::Error for BatchError {}

// No `source` here: the message says all of it already.
impl core::error::Error for Error {}
