//! From a passphrase to a key: argon2id (RFC 9106), as the headers of sealed files describe it.
//!
//! | field | meaning |
//! |---|---|
//! | `name` | `"argon2id"` |
//! | `memory_kib`, `passes`, `lanes` | what a guess costs, see [`KdfParameters`] |
//! | `salt` | 32 octets, fresh for each file |

use super::{FormatError, hex};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use core::ops::RangeInclusive;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const NAME: &str = "argon2id";

/// Octets of a salt.
pub(crate) const SALT: usize = 32;

/// The field `kdf` of a header.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a key derivation")]
pub(crate) struct KdfHeader {
    name: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
}

impl KdfHeader {
    pub(crate) fn new(parameters: &KdfParameters, salt: &[u8; SALT]) -> Self {
        Self {
            name: NAME.into(),
            memory_kib: parameters.memory_kib,
            passes: parameters.passes,
            lanes: parameters.lanes,
            salt: base16ct::lower::encode_string(salt),
        }
    }

    /// The parameters within their bounds, and the salt.
    ///
    /// # Errors
    /// [`FormatError::Unknown`], [`FormatError::KdfParameter`], [`FormatError::NotHex`].
    pub(crate) fn read(&self) -> Result<(KdfParameters, [u8; SALT]), FormatError> {
        if self.name != NAME {
            return Err(FormatError::Unknown("key derivation"));
        }
        let parameters = KdfParameters::new(self.memory_kib, self.passes, self.lanes)?;
        Ok((parameters, hex::exact(&self.salt, "salt")?))
    }
}

/// What guessing a passphrase costs: parameters of argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KdfParameters {
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
}

impl KdfParameters {
    /// Memory in KiB. The least is what OWASP asks for together with two passes; the most keeps a file
    /// from outside from taking all memory there is.
    pub const MEMORY_KIB: RangeInclusive<u32> = 19 * 1024..=1024 * 1024;

    /// Passes over the memory.
    pub const PASSES: RangeInclusive<u32> = 2..=16;

    /// Lanes; they are computed one after the other.
    pub const LANES: RangeInclusive<u32> = 1..=16;

    /// 64 MiB, 3 passes, 1 lane: the memory and passes of the second choice of RFC 9106 §4.
    pub const DEFAULT: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    /// Checks the parameters against their bounds.
    ///
    /// # Errors
    /// [`FormatError::KdfParameter`].
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, FormatError> {
        for (name, value, range) in [
            ("memory_kib", memory_kib, Self::MEMORY_KIB),
            ("passes", passes, Self::PASSES),
            ("lanes", lanes, Self::LANES),
        ] {
            if !range.contains(&value) {
                return Err(FormatError::KdfParameter { name, min: *range.start(), max: *range.end() });
            }
        }
        Ok(Self { memory_kib, passes, lanes })
    }

    /// Memory in KiB.
    pub fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    pub fn passes(&self) -> u32 {
        self.passes
    }

    /// The key that `passphrase` and `salt` give.
    ///
    /// # Errors
    /// [`FormatError::OutOfMemory`].
    pub(crate) fn derive(
        &self,
        passphrase: &[u8],
        salt: &[u8; SALT],
    ) -> Result<Zeroizing<[u8; 32]>, FormatError> {
        let out_of_memory = FormatError::OutOfMemory { mib: self.memory_kib / 1024 };
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32))
            .map_err(|_| FormatError::Unknown("key derivation"))?;
        let mut blocks = Zeroizing::new(Vec::new());
        blocks.try_reserve_exact(params.block_count()).map_err(|_| out_of_memory)?;
        blocks.resize(params.block_count(), Block::default());
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(passphrase, salt, key.as_mut_slice(), &mut blocks[..])
            .map_err(|_| FormatError::Unknown("key derivation"))?;
        Ok(key)
    }
}

impl Default for KdfParameters {
    fn default() -> Self {
        Self::DEFAULT
    }
}
