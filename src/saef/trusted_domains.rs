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

/// One MEF, the service providers whose entities it enrols, and the KPAKs of its KMS.
#[derive(Debug)]
struct Domain {
    fqdn: Fqdn,
    /// The first completes SP-relative identities.
    providers: Vec<Fqdn>,
    kpaks: Vec<(KpakTag, KmsPublicKey)>,
}

/// The domains an entity trusts. Nothing in the scheme authenticates a KPAK: what is pinned here is
/// the root of trust.
///
/// A domain is trusted for its own service providers only. Else the KMS of any one domain could issue
/// for the entities of all others.
#[derive(Debug, Default)]
pub struct TrustedDomains(Vec<Domain>);

impl TrustedDomains {
    /// Trusts nobody.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Pins the KPAK of the domain `fqdn`, the FQDN of a MEF.
    ///
    /// `provider` is the service provider whose entities the domain may name, and which completes
    /// its SP-relative identities. Pinning the same again changes nothing.
    ///
    /// # Errors
    /// [`SaefError::OtherKpakPinned`] if the domain has another KPAK, [`SaefError::OtherProvider`]
    /// if it has another provider.
    pub fn pin(&mut self, fqdn: Fqdn, provider: Fqdn, kpak: KmsPublicKey) -> Result<(), SaefError> {
        match self.domain(&fqdn) {
            None => {
                let (providers, kpaks) = (Vec::from([provider]), Vec::from([(KpakTag::of(&kpak), kpak)]));
                self.0.push(Domain { fqdn, providers, kpaks });
                Ok(())
            }
            Some(domain) if !domain.kpaks.iter().any(|(_, known)| *known == kpak) => {
                Err(SaefError::OtherKpakPinned)
            }
            Some(domain) if domain.providers.first() != Some(&provider) => Err(SaefError::OtherProvider),
            Some(_) => Ok(()),
        }
    }

    /// Trusts a domain for the entities of a further service provider.
    ///
    /// # Errors
    /// [`SaefError::UnknownDomain`].
    pub fn serve(&mut self, fqdn: &Fqdn, provider: Fqdn) -> Result<(), SaefError> {
        let domain = self.domain_mut(fqdn)?;
        if !domain.providers.contains(&provider) {
            domain.providers.push(provider);
        }
        Ok(())
    }

    /// Adds a further KPAK to a domain that is known: a rollover, which takes an explicit decision.
    /// The older ones stay until they are [retired](Self::retire).
    ///
    /// # Errors
    /// [`SaefError::UnknownDomain`] for a domain with no KPAK yet; [`SaefError::DuplicateTag`] if
    /// another KPAK of the domain has the same tag.
    pub fn roll_over(&mut self, fqdn: &Fqdn, kpak: KmsPublicKey) -> Result<(), SaefError> {
        let domain = self.domain_mut(fqdn)?;
        let tag = KpakTag::of(&kpak);
        match domain.kpaks.iter().find(|(known, _)| *known == tag) {
            None => domain.kpaks.push((tag, kpak)),
            Some((_, known)) if *known == kpak => {}
            Some(_) => return Err(SaefError::DuplicateTag),
        }
        Ok(())
    }

    /// Trusts a KPAK no longer: its last credential has expired, or its KSAK is lost to somebody.
    ///
    /// # Errors
    /// [`SaefError::UnknownDomain`], [`SaefError::UnknownKpak`].
    pub fn retire(&mut self, fqdn: &Fqdn, tag: KpakTag) -> Result<(), SaefError> {
        let kpaks = &mut self.domain_mut(fqdn)?.kpaks;
        let at = kpaks.iter().position(|(known, _)| *known == tag).ok_or(SaefError::UnknownKpak)?;
        kpaks.remove(at);
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

    /// All pinned KPAKs of this domain; none if it is not known.
    pub fn kpaks(&self, fqdn: &Fqdn) -> impl Iterator<Item = &KmsPublicKey> {
        self.domain(fqdn).into_iter().flat_map(|domain| domain.kpaks.iter().map(|(_, kpak)| kpak))
    }

    /// The absolute form of an identity of this domain.
    ///
    /// # Errors
    /// [`SaefError::UnknownDomain`]; [`SaefError::ForeignProvider`] if the identity names a service
    /// provider that the domain does not serve; [`SaefError::Identifier`] if it has no absolute form.
    pub fn absolute(&self, fqdn: &Fqdn, entity: &EntityName) -> Result<EntityName, SaefError> {
        let providers = &self.domain(fqdn).ok_or(SaefError::UnknownDomain)?.providers;
        match entity.provider() {
            Some(provider) if providers.contains(provider) => Ok(entity.clone()),
            Some(_) => Err(SaefError::ForeignProvider),
            None => {
                let own = providers.first().ok_or(SaefError::UnknownDomain)?;
                Ok(entity.to_absolute(own)?)
            }
        }
    }

    fn domain(&self, fqdn: &Fqdn) -> Option<&Domain> {
        self.0.iter().find(|domain| domain.fqdn == *fqdn)
    }

    fn domain_mut(&mut self, fqdn: &Fqdn) -> Result<&mut Domain, SaefError> {
        self.0.iter_mut().find(|domain| domain.fqdn == *fqdn).ok_or(SaefError::UnknownDomain)
    }
}
