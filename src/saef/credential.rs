//! One's own IBC credential, installed.

use super::{KpakTag, PskIdentity, SaefError, TrustedDomains};
use crate::eccsi::{IssuedKey, KmsPublicKey, SigningKey};
use crate::onem2m::{ExpiringIdentity, UnixTime};

/// An IBC credential as provisioned, (ID_2, SSK, PVT, KPAK), after all checks: what it takes to
/// sign and to derive shared keys. Holds SSK, which is wiped when dropped.
pub struct Credential {
    id_2: ExpiringIdentity,
    key: SigningKey,
}

crate::secret::redacted_debug!(Credential);

impl Credential {
    /// Installs a delivered credential: TS-0003 clause 8.3.7 (IBC), RFC 6507 §5.1.2.
    ///
    /// `kpak` is the one delivered with it, which must be pinned for the domain already: a credential
    /// does not bring its own root of trust.
    ///
    /// # Errors
    /// [`SaefError::OwnCredentialExpired`], [`SaefError::UnknownDomain`],
    /// [`SaefError::UnknownKpak`], [`SaefError::InvalidKey`].
    ///
    /// # Timing
    /// Constant in SSK. Depends on the public values, and on which check fails.
    pub fn install(
        id_2: ExpiringIdentity,
        issued: &IssuedKey,
        kpak: &KmsPublicKey,
        trusted: &TrustedDomains,
        now: UnixTime,
    ) -> Result<Self, SaefError> {
        let pinned = check(&id_2, kpak, trusted, now)?;
        let key = issued.validate(pinned, id_2.identity()).map_err(|_| SaefError::InvalidKey)?;
        Ok(Self { id_2, key })
    }

    /// Installs a key that was validated already: as [`install`](Self::install), without doing it again.
    ///
    /// # Errors
    /// As [`install`](Self::install); [`SaefError::InvalidKey`] if `key` is another identity's.
    ///
    /// # Timing
    /// Constant in SSK, which is not looked at; names and times are public.
    pub fn from_signing_key(
        id_2: ExpiringIdentity,
        key: SigningKey,
        trusted: &TrustedDomains,
        now: UnixTime,
    ) -> Result<Self, SaefError> {
        check(&id_2, key.kms_public_key(), trusted, now)?;
        if !key.is_for(id_2.identity()) {
            return Err(SaefError::InvalidKey);
        }
        Ok(Self { id_2, key })
    }

    /// ID_2.
    pub fn id_2(&self) -> &ExpiringIdentity {
        &self.id_2
    }

    /// The key, to sign with.
    pub fn signing_key(&self) -> &SigningKey {
        &self.key
    }

    /// What is sent to a peer as PSK identity or as PSK identity hint.
    ///
    /// # Errors
    /// [`SaefError::Identifier`] if it would exceed 255 octets.
    ///
    /// # Timing
    /// Variable: all inputs are public.
    pub fn psk_identity(&self) -> Result<PskIdentity, SaefError> {
        PskIdentity::new(self.id_2.clone(), KpakTag::of(self.key.kms_public_key()), self.key.pvt())
    }
}

/// What is checked before the key: expiry, and that KPAK is the pinned one.
fn check<'a>(
    id_2: &ExpiringIdentity,
    kpak: &KmsPublicKey,
    trusted: &'a TrustedDomains,
    now: UnixTime,
) -> Result<&'a KmsPublicKey, SaefError> {
    if !id_2.is_live(now) {
        return Err(SaefError::OwnCredentialExpired);
    }
    let pinned = trusted.kpak(id_2.fqdn(), KpakTag::of(kpak))?;
    if pinned == kpak { Ok(pinned) } else { Err(SaefError::UnknownKpak) }
}
