//! The KPAKs that an entity trusts, by domain and tag. All in it is public, and the time of each function may depend on it.

use super::SaefError;
use crate::eccsi::KmsPublicKey;
use crate::error::{DecodeError, Part};
use crate::onem2m::{EntityName, Fqdn};
use crate::public_octets::read_hex;
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

/// Six hexadecimal digits in either case.
impl core::str::FromStr for KpakTag {
    type Err = DecodeError;

    fn from_str(digits: &str) -> Result<Self, DecodeError> {
        let mut octets = [0; Self::BYTES];
        read_hex(Part::KpakTag, digits, &mut octets)?;
        Ok(Self(octets))
    }
}

/// One MEF, the service providers whose entities it enrols, and the KPAKs of its KMS.
#[derive(Clone, Debug)]
struct Domain {
    fqdn: Fqdn,
    /// The first completes SP-relative identities.
    providers: Vec<Fqdn>,
    kpaks: Vec<(KpakTag, KmsPublicKey)>,
}

/// A domain as it is configured: all that [`TrustedDomains::trust`] needs to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedDomain {
    /// The FQDN of the MEF.
    pub fqdn: Fqdn,
    /// The service providers whose entities the domain may name. The first completes its SP-relative identities.
    pub providers: Vec<Fqdn>,
    /// The KPAKs of its KMS, in any order.
    pub kpaks: Vec<KmsPublicKey>,
}

impl Domain {
    fn serve(&mut self, provider: Fqdn) {
        if !self.providers.contains(&provider) {
            self.providers.push(provider);
        }
    }

    fn add(&mut self, kpak: KmsPublicKey) -> Result<(), SaefError> {
        let tag = KpakTag::of(&kpak);
        match self.kpaks.iter().find(|(known, _)| *known == tag) {
            None => self.kpaks.push((tag, kpak)),
            Some((_, known)) if *known == kpak => {}
            Some(_) => return Err(SaefError::DuplicateTag),
        }
        Ok(())
    }
}

/// The domains an entity trusts. Nothing in the scheme authenticates a KPAK: what is pinned here is
/// the root of trust.
///
/// A domain is trusted for its own service providers only. Else the KMS of any one domain could issue
/// for the entities of all others.
///
/// [`from_list`](Self::from_list) takes a configuration as a whole. [`pin`](Self::pin) and
/// [`roll_over`](Self::roll_over) are for what comes over time: the first KPAK of a domain is taken, another one
/// only by an explicit decision.
#[derive(Clone, Debug, Default)]
pub struct TrustedDomains(Vec<Domain>);

impl TrustedDomains {
    /// Trusts nobody.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Trusts each of `domains`, in any order.
    ///
    /// # Errors
    /// As [`trust`](Self::trust).
    pub fn from_list(domains: impl IntoIterator<Item = TrustedDomain>) -> Result<Self, SaefError> {
        let mut trusted = Self::new();
        domains.into_iter().try_for_each(|domain| trusted.trust(domain))?;
        Ok(trusted)
    }

    /// Trusts a domain that was not known, with all its service providers and KPAKs. A KPAK or provider that
    /// is named twice counts once.
    ///
    /// # Errors
    /// [`SaefError::DuplicateDomain`] if the domain is there already; [`SaefError::IncompleteDomain`] without
    /// provider or KPAK; [`SaefError::DuplicateTag`] if two of its KPAKs have the same tag. Nothing was changed
    /// then.
    pub fn trust(&mut self, domain: TrustedDomain) -> Result<(), SaefError> {
        let TrustedDomain { fqdn, providers, kpaks } = domain;
        if self.domain(&fqdn).is_some() {
            return Err(SaefError::DuplicateDomain);
        }
        if providers.is_empty() || kpaks.is_empty() {
            return Err(SaefError::IncompleteDomain);
        }
        let mut domain = Domain { fqdn, providers: Vec::new(), kpaks: Vec::new() };
        providers.into_iter().for_each(|provider| domain.serve(provider));
        kpaks.into_iter().try_for_each(|kpak| domain.add(kpak))?;
        self.0.push(domain);
        Ok(())
    }

    /// The domains, as they would be configured.
    pub fn domains(&self) -> impl Iterator<Item = TrustedDomain> {
        self.0.iter().map(|Domain { fqdn, providers, kpaks }| TrustedDomain {
            fqdn: fqdn.clone(),
            providers: providers.clone(),
            kpaks: kpaks.iter().map(|(_, kpak)| kpak.clone()).collect(),
        })
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
        self.domain_mut(fqdn)?.serve(provider);
        Ok(())
    }

    /// Adds a further KPAK to a domain that is known: a rollover, which takes an explicit decision.
    /// The older ones stay until they are [retired](Self::retire).
    ///
    /// # Errors
    /// [`SaefError::UnknownDomain`] for a domain with no KPAK yet; [`SaefError::DuplicateTag`] if
    /// another KPAK of the domain has the same tag.
    pub fn roll_over(&mut self, fqdn: &Fqdn, kpak: KmsPublicKey) -> Result<(), SaefError> {
        self.domain_mut(fqdn)?.add(kpak)
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
