//! A delivered credential is installed only after all checks: TS-0003 clause 8.3.7 (IBC), RFC 6507 §5.1.2,
//! RFC 6508 §6.1.2.
//!
//! | check | |
//! |---|---|
//! | ID_2 | in its one spelling, of the MEF that was asked, for the entity that was asked for, another than ID_1, not expired |
//! | KPAK | one of those pinned for the MEF, or let in by [`NewKpak`] |
//! | Z | that of the pinned KPAK, if one is known |
//! | SSK, PVT | belong to ID_2 under that KPAK |
//! | RSK | belongs to ID_2 under that Z |

use super::InstallError;
use crate::files::credential_file::{CredentialFile, CredentialIdentity};
use crate::files::public_key_file::PublishedKey;
use crate::wire::{IssuedCredential, rooted};
use eccsi_sakke::eccsi::KmsPublicKey;
use eccsi_sakke::eccsi::SigningKey;
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef::KpakTag;
use eccsi_sakke::saef::{Credential, SaefError, TrustedDomains};
use zeroize::Zeroizing;

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The MEF.
    pub mef: Fqdn,
    /// The entity, in absolute form.
    pub entity: EntityName,
    /// ID_1, if a credential is replaced.
    pub replaces: Option<ExpiringIdentity>,
}

/// Which KPAK may come besides those that are pinned. Nothing but the session vouches for one that nobody has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NewKpak {
    /// None.
    #[default]
    Refuse,
    /// Any, while none is pinned for this MEF: the session with it is authenticated.
    First,
    /// Any of these, though others may be pinned: the first or a rollover, with keys from a source that somebody trusts.
    Accept(Vec<KmsPublicKey>),
}

/// A credential that passed all checks.
pub struct Checked {
    pub(super) id_2: ExpiringIdentity,
    key: SigningKey,
    /// The credential file.
    pub(super) text: Zeroizing<Vec<u8>>,
    /// The KPAK with its Z, if it was not pinned before, or if its Z was not.
    pub(super) to_pin: Option<PublishedKey>,
}

impl core::fmt::Debug for Checked {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Checked").field("id_2", &self.id_2).finish_non_exhaustive()
    }
}

impl Checked {
    /// ID_2.
    pub fn id_2(&self) -> &ExpiringIdentity {
        &self.id_2
    }

    /// The KPAK that came with it, which was pinned or let in by [`NewKpak`]: to pin it.
    pub fn kpak(&self) -> &KmsPublicKey {
        self.key.kms_public_key()
    }

    /// The credential, to associate with. Its KPAK has to be [pinned](TrustedDomains::pin).
    ///
    /// # Errors
    /// [`SaefError::UnknownDomain`], [`SaefError::UnknownKpak`]; [`SaefError::OwnCredentialExpired`] if it
    /// expired since it was checked.
    pub fn into_credential(self, trusted: &TrustedDomains, now: UnixTime) -> Result<Credential, SaefError> {
        Credential::from_signing_key(self.id_2, self.key, trusted, now)
    }

    /// The credential as a file holds it, SSK in it.
    pub fn expose(&self) -> &Zeroizing<Vec<u8>> {
        &self.text
    }
}

/// Checks a delivered credential against what was asked for and what is pinned for that MEF.
///
/// # Errors
/// [`InstallError`].
pub fn check(
    issued: &IssuedCredential,
    expected: &Expected,
    pinned: &[PublishedKey],
    new: &NewKpak,
    now: UnixTime,
) -> Result<Checked, InstallError> {
    let id_2 = ExpiringIdentity::parse(&issued.id2).map_err(|_| InstallError::Malformed("id2"))?;
    check_identity(&id_2, expected, now)?;
    let text = rooted::write_bare(issued).map_err(|_| InstallError::Malformed("credential"))?;
    let file = CredentialFile::parse(&text).map_err(|_| InstallError::Malformed("ssk, pvt, kpak or rsk"))?;
    let (identity, key, kpak, sakke) = file.into_parts();
    if identity != CredentialIdentity::Id2(id_2.clone()) {
        return Err(InstallError::Malformed("id2"));
    }
    let known = pinned.iter().find(|key| key.kpak == kpak);
    if known.is_none() {
        check_new(&kpak, pinned, new)?;
    }
    let z_public = sakke.as_ref().map(|sakke| sakke.z_public.clone());
    let known_z = known.and_then(|key| key.z_public.as_ref());
    if let (Some(known), Some(delivered)) = (known_z, &z_public)
        && known != delivered
    {
        return Err(InstallError::OtherZ);
    }
    let key = key.validate(&kpak, id_2.identity()).map_err(|_| InstallError::InvalidKey)?;
    let rsk = sakke.map(|sakke| sakke.validate(&identity)).transpose();
    let rsk = rsk.map_err(|_| InstallError::InvalidKey)?;
    let is_pinned = known.is_some() && (known_z.is_some() || z_public.is_none());
    let (from, until) = known.map_or((None, None), |key| (key.from, key.until));
    let to_pin = (!is_pinned).then_some(PublishedKey { kpak, z_public, from, until });
    let text = CredentialFile::to_json(&identity, &key, rsk.as_ref());
    Ok(Checked { id_2, key, text, to_pin })
}

fn check_identity(id_2: &ExpiringIdentity, expected: &Expected, now: UnixTime) -> Result<(), InstallError> {
    if *id_2.fqdn() != expected.mef {
        return Err(InstallError::OtherMef);
    }
    // A MEF may write the identity without the provider, if that is its own.
    let provider = expected.entity.provider();
    let is_entity = match provider {
        Some(provider) => id_2.entity_id().same_entity(&expected.entity, provider),
        None => *id_2.entity_id() == expected.entity,
    };
    if !is_entity {
        return Err(InstallError::OtherEntity);
    }
    if expected.replaces.as_ref() == Some(id_2) {
        return Err(InstallError::SameIdentity);
    }
    if id_2.is_live(now) { Ok(()) } else { Err(InstallError::Expired) }
}

fn check_new(kpak: &KmsPublicKey, pinned: &[PublishedKey], new: &NewKpak) -> Result<(), InstallError> {
    let tag = KpakTag::of(kpak);
    match new {
        // Two KPAKs with one tag could not be told apart in a handshake.
        NewKpak::Accept(accepted) if accepted.contains(kpak) => {
            let collides = pinned.iter().any(|key| KpakTag::of(&key.kpak) == tag);
            if collides { Err(InstallError::OtherKpak(tag)) } else { Ok(()) }
        }
        NewKpak::First if pinned.is_empty() => Ok(()),
        NewKpak::Refuse if pinned.is_empty() => Err(InstallError::NoKpak(tag)),
        NewKpak::Refuse | NewKpak::First | NewKpak::Accept(_) => Err(InstallError::OtherKpak(tag)),
    }
}

#[cfg(test)]
mod tests;
