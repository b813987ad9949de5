//! Text and octets of public types of a fixed number of octets: lower-case hexadecimal out, either case in, as serde
//! has it. Reading is decoding, with all its checks. Secret types have none of it on purpose.

use crate::error::{DecodeError, Part, Problem};
use core::fmt;

/// Writes `octets` in lower-case hexadecimal.
pub(crate) fn write_hex(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
}

/// Reads exactly as many octets as fit from hexadecimal digits in either case.
pub(crate) fn read_hex(part: Part, digits: &str, octets: &mut [u8]) -> Result<(), DecodeError> {
    let refused = |problem| DecodeError::new(part, problem);
    let (expected, got) = (octets.len(), digits.len() / 2);
    if !digits.len().is_multiple_of(2) {
        return Err(refused(Problem::NotHexadecimal));
    }
    if got != expected {
        return Err(refused(Problem::Length { expected, got }));
    }
    base16ct::mixed::decode(digits, octets).map(drop).map_err(|_| refused(Problem::NotHexadecimal))
}

/// Gives types with `BYTES`, `from_bytes`, `from_slice` and `to_bytes` their text and the conversions from and to
/// octets.
macro_rules! public_octets {
    ($($type:ident: $part:ident),+) => {
        $(
            /// Lower-case hexadecimal.
            impl core::fmt::Display for $type {
                fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                    $crate::public_octets::write_hex(&self.to_bytes(), f)
                }
            }

            /// Hexadecimal in either case.
            impl core::str::FromStr for $type {
                type Err = $crate::error::DecodeError;

                fn from_str(digits: &str) -> Result<Self, Self::Err> {
                    let mut octets = [0; $type::BYTES];
                    $crate::public_octets::read_hex($crate::error::Part::$part, digits, &mut octets)?;
                    Self::from_bytes(&octets)
                }
            }

            impl TryFrom<&[u8]> for $type {
                type Error = $crate::error::DecodeError;

                fn try_from(octets: &[u8]) -> Result<Self, Self::Error> {
                    Self::from_slice(octets)
                }
            }

            impl TryFrom<&[u8; $type::BYTES]> for $type {
                type Error = $crate::error::DecodeError;

                fn try_from(octets: &[u8; $type::BYTES]) -> Result<Self, Self::Error> {
                    Self::from_bytes(octets)
                }
            }

            impl From<$type> for [u8; $type::BYTES] {
                fn from(value: $type) -> Self {
                    value.to_bytes()
                }
            }
        )+
    };
}
pub(crate) use public_octets;

/// Gives a type that keeps a point in the field `encoded`, as `04 ‖ x ‖ y`, what follows from these octets.
macro_rules! encoded_point {
    ($type:ident) => {
        /// Equal when the points are: whether tables were built does not count.
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.encoded == other.encoded
            }
        }

        impl Eq for $type {}

        impl PartialOrd for $type {
            fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $type {
            fn cmp(&self, other: &Self) -> core::cmp::Ordering {
                self.encoded.cmp(&other.encoded)
            }
        }

        impl core::hash::Hash for $type {
            fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
                self.encoded.hash(state);
            }
        }

        /// `04 ‖ x ‖ y`.
        impl AsRef<[u8]> for $type {
            fn as_ref(&self) -> &[u8] {
                &self.encoded
            }
        }

        impl core::fmt::Debug for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!(stringify!($type), "({})"), self)
            }
        }
    };
}
pub(crate) use encoded_point;
