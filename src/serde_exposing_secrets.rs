//! Serde for secret keys, for those who ask for it field by field. **What comes out is the secret in the clear.**
//!
//! Secret types have no `Serialize` on purpose: a key inside a structure would go wherever the structure goes,
//! logs included. A field that is meant to hold one says so:
//!
//! ```
//! # #[cfg(all(feature = "eccsi", feature = "getrandom"))]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use eccsi_sakke::{Identity, SysRng, eccsi};
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Delivery {
//!     name: String,
//!     #[serde(with = "eccsi_sakke::serde_exposing_secrets")]
//!     key: eccsi::IssuedKey,
//! }
//!
//! let kms = eccsi::KmsSecretKey::generate(&mut SysRng)?;
//! let key = kms.issue(Identity::new(b"alice"), &mut SysRng)?;
//! let text = zeroize::Zeroizing::new(serde_json::to_string(&Delivery { name: "alice".into(), key })?);
//! let read: Delivery = serde_json::from_str(&text)?;
//! read.key.validate(&kms.public_key(), Identity::new(b"alice"))?;
//! # Ok(())
//! # }
//! # #[cfg(not(all(feature = "eccsi", feature = "getrandom")))]
//! # fn main() {}
//! ```
//!
//! Lower-case hexadecimal in text formats, read in either case; octets in binary ones:
//!
//! | type | octets | |
//! |---|---|---|
//! | `eccsi::KmsSecretKey` | 32 | KSAK |
//! | `eccsi::IssuedKey` | 97 | SSK ‖ PVT |
//! | `eccsi::SigningKey` | 97 | the same; is written only: what is read has to be validated |
//! | `sakke::KmsSecretKey` | 128 | z |
//! | `sakke::IssuedKey` | 257 | RSK |
//! | `sakke::ReceiverSecretKey` | 257 | the same; is written only |
//! | `sakke::SharedSecretValue` | 16 | SSV |
//!
//! What is made on the way is wiped; the buffers of the format are the caller's to wipe.
//!
//! # Timing
//! Constant in the secret, but for what decoding it refuses.

use crate::error::DecodeError;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use sealed::{Read, Write};
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::ser::Serializer;
use zeroize::{Zeroize, Zeroizing};

mod sealed {
    use super::{DecodeError, Vec, Zeroizing};

    pub trait Write {
        fn octets(&self) -> Zeroizing<Vec<u8>>;
    }

    pub trait Read: Write + Sized {
        const BYTES: usize;

        fn read(octets: &[u8]) -> Result<Self, DecodeError>;
    }
}

/// Writes the secret: lower-case hexadecimal in text formats, octets in binary ones.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<T: Write, S: Serializer>(secret: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let octets = secret.octets();
    if !serializer.is_human_readable() {
        return serializer.serialize_bytes(&octets);
    }
    let mut digits = Zeroizing::new(alloc::vec![0; 2 * octets.len()]);
    let digits = base16ct::lower::encode_str(&octets, &mut digits).expect("two digits for each octet");
    serializer.serialize_str(digits)
}

/// Reads a secret, with all checks of its `from_slice`.
///
/// # Errors
/// Those of the deserializer, and those of `from_slice`, which show nothing of the secret.
pub fn deserialize<'de, T: Read, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    if deserializer.is_human_readable() {
        deserializer.deserialize_str(Digits(PhantomData))
    } else {
        deserializer.deserialize_bytes(Octets(PhantomData))
    }
}

struct Digits<T>(PhantomData<T>);

impl<T: Read> Visitor<'_> for Digits<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hexadecimal digits", 2 * T::BYTES)
    }

    fn visit_str<E: de::Error>(self, digits: &str) -> Result<T, E> {
        if digits.len() != 2 * T::BYTES {
            return Err(E::invalid_length(digits.len(), &self));
        }
        let mut octets = Zeroizing::new(alloc::vec![0; T::BYTES]);
        base16ct::mixed::decode(digits, &mut octets)
            .map_err(|_| E::custom("not an even number of hexadecimal digits"))?;
        T::read(&octets).map_err(E::custom)
    }

    fn visit_string<E: de::Error>(self, mut digits: String) -> Result<T, E> {
        let read = self.visit_str(&digits);
        digits.zeroize();
        read
    }
}

struct Octets<T>(PhantomData<T>);

impl<'de, T: Read> Visitor<'de> for Octets<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets", T::BYTES)
    }

    fn visit_bytes<E: de::Error>(self, octets: &[u8]) -> Result<T, E> {
        T::read(octets).map_err(E::custom)
    }

    fn visit_byte_buf<E: de::Error>(self, mut octets: Vec<u8>) -> Result<T, E> {
        let read = self.visit_bytes(&octets);
        octets.zeroize();
        read
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<T, A::Error> {
        let mut octets = Zeroizing::new(Vec::with_capacity(T::BYTES));
        while let Some(octet) = sequence.next_element()? {
            if octets.len() == T::BYTES {
                return Err(de::Error::invalid_length(T::BYTES + 1, &self));
            }
            octets.push(octet);
        }
        self.visit_bytes(&octets)
    }
}

/// `from_slice` and `expose` of types whose encoding is one array.
macro_rules! one_array {
    ($($type:ty),+) => {
        $(
            impl Write for $type {
                fn octets(&self) -> Zeroizing<Vec<u8>> {
                    Zeroizing::new(self.expose().to_vec())
                }
            }

            impl Read for $type {
                const BYTES: usize = <$type>::BYTES;

                fn read(octets: &[u8]) -> Result<Self, DecodeError> {
                    Self::from_slice(octets)
                }
            }
        )+
    };
}

#[cfg(feature = "sakke")]
one_array!(crate::sakke::KmsSecretKey, crate::sakke::IssuedKey, crate::sakke::SharedSecretValue);

#[cfg(feature = "sakke")]
impl Write for crate::sakke::ReceiverSecretKey {
    fn octets(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.expose().to_vec())
    }
}

#[cfg(feature = "eccsi")]
one_array!(crate::eccsi::KmsSecretKey);

#[cfg(feature = "eccsi")]
impl Write for crate::eccsi::IssuedKey {
    fn octets(&self) -> Zeroizing<Vec<u8>> {
        // In one piece: a vector that grows leaves copies behind.
        let mut octets = Zeroizing::new(Vec::with_capacity(<Self as Read>::BYTES));
        octets.extend_from_slice(self.expose().as_slice());
        octets.extend_from_slice(&self.pvt().to_bytes());
        octets
    }
}

#[cfg(feature = "eccsi")]
impl Read for crate::eccsi::IssuedKey {
    const BYTES: usize = Self::SSK_BYTES + crate::eccsi::PublicValidationToken::BYTES;

    fn read(octets: &[u8]) -> Result<Self, DecodeError> {
        let (ssk, pvt) = octets.split_at_checked(Self::SSK_BYTES).unwrap_or((octets, &[]));
        Self::from_slices(ssk, pvt)
    }
}

#[cfg(feature = "eccsi")]
impl Write for crate::eccsi::SigningKey {
    fn octets(&self) -> Zeroizing<Vec<u8>> {
        let mut octets = Zeroizing::new(Vec::with_capacity(<crate::eccsi::IssuedKey as Read>::BYTES));
        octets.extend_from_slice(self.expose().as_slice());
        octets.extend_from_slice(&self.pvt().to_bytes());
        octets
    }
}
