//! The KPAKs that an entity trusts, by domain and tag.

use super::SaefError;
use crate::eccsi::KmsPublicKey;
use crate::onem2m::{EntityName, Fqdn};
use alloc::vec::Vec;
use core::fmt;
use sha2::{Digest, Sha256};

/// The first three octets of SHA-256(KPAK): selects among the pinned KPAKs of a domain. Not a
/// security element.
///
/// Text form: six lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KpakTag([u8; 3]);

impl KpakTag {
    /// Octets of a tag.
    pub const BYTES: usize = 3;

    /// The tag of a KPAK.
    pub fn of(kpak: &KmsPublicKey) -> Self {
        let [a, b, c, ..] = <[u8; 32]>::from(Sha256::digest(kpak.to_bytes()));
        Self([a, b, c])
    }

    /// Takes the octets.
    pub const fn from_bytes(octets: [u8; 3]) -> Self {
        Self(octets)
    }

    /// The octets.
    pub const fn to_bytes(self) -> [u8; 3] {
        self.0
    }
}

impl fmt::Display for KpakTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = self.0;
        write!(f, "{a:02x}{b:02x}{c:02x}")
    }
}

/// One MEF, its service provider, and the KPAKs of its KMS.
#[derive(Debug)]
struct Domain {
    fqdn: Fqdn,
    provider: Fqdn,
    kpaks: Vec<(KpakTag, KmsPublicKey)>,
}

/// The domains an entity trusts. Nothing in the scheme authenticates a KPAK: what is pinned here is
/// the root of trust.
#[derive(Debug, Default)]
pub struct TrustedDomains(Vec<Domain>);

impl TrustedDomains {
    /// Trusts nobody.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Pins the KPAK of the domain `fqdn`, the FQDN of a MEF.
    ///
    /// `provider` is the service provider that completes SP-relative identities of the domain.
    /// Pinning the same KPAK again changes nothing.
    ///
    /// # Errors
    /// [`SaefError::OtherKpakPinned`] if the domain has another one.
    pub fn pin(&mut self, fqdn: Fqdn, provider: Fqdn, kpak: KmsPublicKey) -> Result<(), SaefError> {
        match self.domain(&fqdn) {
            None => {
                let kpaks = Vec::from([(KpakTag::of(&kpak), kpak)]);
                self.0.push(Domain { fqdn, provider, kpaks });
                Ok(())
            }
            Some(domain) if domain.kpaks.iter().any(|(_, known)| *known == kpak) => Ok(()),
            Some(_) => Err(SaefError::OtherKpakPinned),
        }
    }

    /// Adds a further KPAK to a domain that is known: a rollover, which takes an explicit decision.
    /// The older ones stay.
    ///
    /// # Errors
    /// [`SaefError::UnknownDomain`] for a domain with no KPAK yet; [`SaefError::DuplicateTag`] if
    /// another KPAK of the domain has the same tag.
    pub fn roll_over(&mut self, fqdn: &Fqdn, kpak: KmsPublicKey) -> Result<(), SaefError> {
        let domain = self.0.iter_mut().find(|domain| domain.fqdn == *fqdn).ok_or(SaefError::UnknownDomain)?;
        let tag = KpakTag::of(&kpak);
        match domain.kpaks.iter().find(|(known, _)| *known == tag) {
            None => domain.kpaks.push((tag, kpak)),
            Some((_, known)) if *known == kpak => {}
            Some(_) => return Err(SaefError::DuplicateTag),
        }
        Ok(())
    }

    /// The pinned KPAK of this domain and tag.
    ///
    /// # Errors
    /// [`SaefError::UnknownDomain`], [`SaefError::UnknownKpak`].
    pub fn kpak(&self, fqdn: &Fqdn, tag: KpakTag) -> Result<&KmsPublicKey, SaefError> {
        let domain = self.domain(fqdn).ok_or(SaefError::UnknownDomain)?;
        let (_, kpak) = domain.kpaks.iter().find(|(known, _)| *known == tag).ok_or(SaefError::UnknownKpak)?;
        Ok(kpak)
    }

    /// The absolute form of an identity of this domain.
    ///
    /// # Errors
    /// [`SaefError::UnknownDomain`]; [`SaefError::Identifier`] if the absolute form does not exist.
    pub fn absolute(&self, fqdn: &Fqdn, entity: &EntityName) -> Result<EntityName, SaefError> {
        let domain = self.domain(fqdn).ok_or(SaefError::UnknownDomain)?;
        Ok(entity.to_absolute(&domain.provider)?)
    }

    fn domain(&self, fqdn: &Fqdn) -> Option<&Domain> {
        self.0.iter().find(|domain| domain.fqdn == *fqdn)
    }
}
