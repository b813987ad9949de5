//! The TGK and what is derived from it: for SRTP by the PRF of MIKEY (RFC 3830 §4.1, RFC 6043 §6.1), for signalling by the
//! KDF of TS 33.220 (TS 33.180 Annex F.1).

mod prf;

use crate::error::{BuildError, Refusal};
use crate::kdf;
use crate::payload::PrfFunction;
use alloc::vec::Vec;
use core::fmt;
use eccsi_sakke::Error;
use eccsi_sakke::rand_core::TryCryptoRng;
use eccsi_sakke::sakke::SharedSecretValue;
use eccsi_sakke::subtle::{Choice, ConstantTimeEq};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// TGK, the TEK generation key: the Shared Secret Value of SAKKE, 16 octets. In TS 33.180 a GMK, PCK, CSK, SPK or another
/// key, as the highest bits of the CSB ID say.
///
/// Wiped when dropped, never printed or cloned.
#[doc(alias = "GMK")]
#[doc(alias = "PCK")]
#[doc(alias = "CSK")]
#[derive(ZeroizeOnDrop)]
pub struct Tgk(SharedSecretValue);

impl Tgk {
    /// Octets.
    pub const BYTES: usize = SharedSecretValue::BYTES;

    /// Draws one.
    ///
    /// # Errors
    /// [`Error::Rng`] if `rng` fails.
    ///
    /// # Timing
    /// Constant in the TGK.
    pub fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Self, Error> {
        SharedSecretValue::generate(rng).map(Self)
    }

    /// Takes 16 octets, as unpredictable as a key.
    ///
    /// # Timing
    /// Constant: octets are copied.
    pub fn from_bytes(octets: &[u8; Self::BYTES]) -> Self {
        Self(SharedSecretValue::from_bytes(octets))
    }

    /// The key itself.
    ///
    /// # Timing
    /// Constant: octets are copied.
    pub fn expose(&self) -> Zeroizing<[u8; Self::BYTES]> {
        self.0.expose()
    }

    /// Are the keys equal?
    ///
    /// # Timing
    /// Constant.
    pub fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }

    pub(crate) fn from_ssv(ssv: SharedSecretValue) -> Self {
        Self(ssv)
    }

    pub(crate) fn ssv(&self) -> &SharedSecretValue {
        &self.0
    }

    /// Derives a key of `length` octets for the crypto session of `context`: RFC 3830 §4.1.3.
    ///
    /// # Errors
    /// [`Refusal::Prf`] if the PRF is not known.
    ///
    /// # Timing
    /// Constant in the TGK. Depends on the lengths.
    pub fn derive(&self, kind: KeyKind, context: &Context<'_>, length: usize) -> Result<DerivedKey, Refusal> {
        // label = constant ‖ CS ID ‖ CSB ID ‖ RAND
        let mut label = kind.constant().to_vec();
        label.push(context.cs_id);
        label.extend(context.csb_id.to_be_bytes());
        label.extend_from_slice(context.rand);
        let mut key = DerivedKey(alloc::vec![0; length]);
        let tgk = self.expose();
        match context.prf {
            PrfFunction::MIKEY_1 => prf::mikey_1(&tgk, &label, &mut key.0),
            PrfFunction::HMAC_SHA_256 => prf::hmac_sha_256(&tgk, &label, &mut key.0),
            PrfFunction(other) => return Err(Refusal::Prf(other)),
        }
        Ok(key)
    }

    /// The user salt of a GMK, 28 bits: TS 33.180 Annex F.1, FC 50. `mc_id` is the member's MC service user ID.
    ///
    /// # Errors
    /// [`BuildError::TooLong`] if `mc_id` has more than 65 535 octets.
    ///
    /// # Timing
    /// Constant in the TGK. Depends on the length of `mc_id`.
    pub fn user_salt(&self, mc_id: &str) -> Result<u32, BuildError> {
        let key = self.kdf(0x50, &[mc_id.as_bytes()])?;
        let low = key.0.last_chunk().map_or(0, |octets| u32::from_be_bytes(*octets));
        Ok(low & USER_BITS)
    }

    /// GUK-ID: the identifier under which a member gets this GMK, its user salt xored into the GMK-ID. The same function
    /// finds the GMK-ID of a GUK-ID.
    ///
    /// # Errors
    /// [`BuildError::TooLong`] if `mc_id` has more than 65 535 octets.
    ///
    /// # Timing
    /// Constant in the TGK. Depends on the length of `mc_id`.
    #[doc(alias = "GUK-ID")]
    pub fn guk_id(&self, gmk_id: u32, mc_id: &str) -> Result<u32, BuildError> {
        Ok(gmk_id ^ self.user_salt(mc_id)?)
    }

    /// The key by which signalling is protected under this XPK (CSK or SPK): TS 33.180 Annex F.1, FC 51 and 52; the 32
    /// octets of the KDF. An algorithm with shorter keys takes its part of them.
    ///
    /// # Errors
    /// [`BuildError::TooLong`] if `mc_id` has more than 65 535 octets.
    ///
    /// # Timing
    /// Constant in the TGK. Depends on the length of `mc_id`.
    pub fn signalling_key(
        &self,
        protection: Protection,
        mc_id: &str,
        xpk_id: u32,
    ) -> Result<DerivedKey, BuildError> {
        let fc = match protection {
            Protection::Confidentiality => 0x51,
            Protection::Integrity => 0x52,
        };
        self.kdf(fc, &[mc_id.as_bytes(), &xpk_id.to_be_bytes()])
    }

    /// KDF of TS 33.220: HMAC-SHA-256(key, S).
    fn kdf(&self, fc: u8, parameters: &[&[u8]]) -> Result<DerivedKey, BuildError> {
        let s = kdf::input(fc, parameters)?;
        let tgk = self.expose();
        let mut mac = Hmac::<Sha256>::new_from_slice(&tgk[..]).expect("HMAC takes keys of any length");
        mac.update(&s);
        // Borrowed: the output is wiped when dropped, what `into_bytes` gives is not.
        Ok(DerivedKey(mac.finalize().as_bytes().to_vec()))
    }
}

/// The bits of a GMK-ID that the user salt covers.
const USER_BITS: u32 = 0x0fff_ffff;

impl fmt::Debug for Tgk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tgk(..)")
    }
}

/// What a key of a crypto session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// TEK: the master key of SRTP where the protocol derives the rest itself.
    Tek,
    /// Authentication key.
    Authentication,
    /// Encryption key.
    Encryption,
    /// Salt.
    Salt,
}

impl KeyKind {
    /// The constant of RFC 3830 §4.1.3, from the decimals of e.
    const fn constant(self) -> [u8; 4] {
        match self {
            Self::Tek => [0x2a, 0xd0, 0x1c, 0x64],
            Self::Authentication => [0x1b, 0x5c, 0x79, 0x73],
            Self::Encryption => [0x15, 0x79, 0x8c, 0xef],
            Self::Salt => [0x39, 0xa2, 0xc1, 0x4b],
        }
    }
}

/// What ties a derived key to a message and a crypto session in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context<'a> {
    /// The PRF.
    pub prf: PrfFunction,
    /// CS ID; in TS 33.180 it says the use, such as 4 for the media of a group.
    pub cs_id: u8,
    /// CSB ID.
    pub csb_id: u32,
    /// RAND.
    pub rand: &'a [u8],
}

/// Against what signalling is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protection {
    /// Reading: XPK-derived confidentiality key.
    Confidentiality,
    /// Changing: XPK-derived integrity key.
    Integrity,
}

/// A derived key. Wiped when dropped, never printed or cloned.
#[derive(ZeroizeOnDrop)]
pub struct DerivedKey(Vec<u8>);

impl DerivedKey {
    /// The key itself.
    ///
    /// # Timing
    /// Constant: octets are lent.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for DerivedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DerivedKey(..)")
    }
}

/// What a key of TS 33.180 is for: the highest four bits of its identifier, which is the CSB ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Group master key.
    Gmk,
    /// Private call key.
    Pck,
    /// Client-server key.
    Csk,
    /// Signalling protection key.
    Spk,
    /// Multicast floor control key.
    Mkfc,
    /// Multicast signalling control channel key.
    Mscck,
    /// Multicast signalling key.
    MuSik,
}

impl Purpose {
    /// The purpose of the key with this identifier; `None` for tags that are not known.
    pub const fn of(csb_id: u32) -> Option<Self> {
        Some(match csb_id >> 28 {
            0 => Self::Gmk,
            1 => Self::Pck,
            2 => Self::Csk,
            3 => Self::Spk,
            4 => Self::Mkfc,
            5 => Self::Mscck,
            6 => Self::MuSik,
            _ => return None,
        })
    }

    /// The identifier of a key for this purpose, of whose 28 low bits `low` gives the value; higher bits are left out.
    pub const fn key_id(self, low: u32) -> u32 {
        (self as u32) << 28 | low & USER_BITS
    }
}
