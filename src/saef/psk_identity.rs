//! What travels in the (D)TLS handshake: identity, KPAK tag and PVT as one text.

use super::{KpakTag, SaefError};
use crate::eccsi::PublicValidationToken;
use crate::error::DecodeError;
use crate::onem2m::{ExpiringIdentity, IdentifierError};
use base64ct::{Base64UrlUnpadded, Encoding};
use core::fmt;

/// Octets of tag and compressed PVT.
const BLOB: usize = KpakTag::BYTES + PublicValidationToken::COMPRESSED_BYTES;

/// Characters of the same in base64url: 36 octets make 48 without padding or spare bits, so that
/// each blob has one text.
const BLOB_TEXT: usize = 48;

/// The PSK identity of the IBC-based SAEF, and the server's PSK identity hint:
/// `ID_2 "@" base64url(tag (3) ‖ compressed PVT (33))`, at most 255 octets.
///
/// Three `@` tell it from KpmID, KmID, KpsaID and Key Identifier, which have one. The grammar is
/// checked when the text is read, the point only when it is needed: a stranger's text should cost
/// as little as possible.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PskIdentity {
    id_2: ExpiringIdentity,
    tag: KpakTag,
    compressed_pvt: [u8; PublicValidationToken::COMPRESSED_BYTES],
}

impl PskIdentity {
    /// Most octets of the text: what the common TLS libraries take.
    pub const MAX_BYTES: usize = ExpiringIdentity::PSK_IDENTITY_MAX;

    /// Puts one together.
    ///
    /// # Errors
    /// [`SaefError::Identifier`] if the text would exceed 255 octets.
    ///
    /// # Timing
    /// Variable: all inputs are public.
    pub fn new(id_2: ExpiringIdentity, tag: KpakTag, pvt: &PublicValidationToken) -> Result<Self, SaefError> {
        Self::check_length(id_2.psk_identity_len())?;
        Ok(Self { id_2, tag, compressed_pvt: pvt.to_compressed() })
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`SaefError::Identifier`] if it is too long or ID_2 is malformed,
    /// [`SaefError::PskIdentityForm`] for everything behind.
    ///
    /// # Timing
    /// Variable: all inputs are public.
    pub fn parse(text: &str) -> Result<Self, SaefError> {
        Self::check_length(text.len())?;
        let (id_2, blob_text) = text.rsplit_once('@').ok_or(SaefError::PskIdentityForm)?;
        if blob_text.len() != BLOB_TEXT {
            return Err(SaefError::PskIdentityForm);
        }
        let id_2 = ExpiringIdentity::parse(id_2)?;
        let mut blob = [0; BLOB];
        Base64UrlUnpadded::decode(blob_text, &mut blob).map_err(|_| SaefError::PskIdentityForm)?;
        let (tag, compressed_pvt) = blob.split_at(KpakTag::BYTES);
        Ok(Self {
            id_2,
            tag: KpakTag::from_bytes(tag.try_into().expect("3 octets")),
            compressed_pvt: compressed_pvt.try_into().expect("33 octets"),
        })
    }

    pub(super) fn check_length(octets: usize) -> Result<(), IdentifierError> {
        let max = Self::MAX_BYTES;
        if octets <= max { Ok(()) } else { Err(IdentifierError::TooLong { max, got: octets }) }
    }

    /// ID_2.
    pub fn id_2(&self) -> &ExpiringIdentity {
        &self.id_2
    }

    /// Selects the KPAK.
    pub fn tag(&self) -> KpakTag {
        self.tag
    }

    /// Decodes PVT: a square root in the field, and all checks of a point.
    ///
    /// # Errors
    /// [`DecodeError`] if the octets are no point.
    ///
    /// # Timing
    /// Variable: all inputs are public.
    pub fn pvt(&self) -> Result<PublicValidationToken, DecodeError> {
        PublicValidationToken::from_compressed(&self.compressed_pvt)
    }
}

impl fmt::Display for PskIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut blob = [0; BLOB];
        blob[..KpakTag::BYTES].copy_from_slice(&self.tag.to_bytes());
        blob[KpakTag::BYTES..].copy_from_slice(&self.compressed_pvt);
        let mut text = [0; BLOB_TEXT];
        let text = Base64UrlUnpadded::encode(&blob, &mut text).expect("36 octets make 48 characters");
        write!(f, "{}@{text}", self.id_2)
    }
}

impl core::str::FromStr for PskIdentity {
    type Err = SaefError;

    fn from_str(text: &str) -> Result<Self, SaefError> {
        Self::parse(text)
    }
}
