//! AE-ID-Stem: how an AE names itself towards its registrar.

use alloc::boxed::Box;
use alloc::format;
use core::fmt;

use super::entity_name::is_stem;
use super::text_form::text_form;
use super::{EntityId, EntityKind, EntityName, Fqdn, IdentifierError};

/// Where a stem is unique, told by its first letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StemScope {
    /// "C": among the AEs of one registrar CSE.
    Registrar,
    /// "S": in the domain of the service provider.
    Provider,
}

/// An AE-ID-Stem of TS-0001 clause 7.2: `C` or `S` and at least one more unreserved character.
///
/// The originator of a request may be given in this form. It is no identity by itself: another AE
/// can have the same stem at another registrar, so it never enters an ID_2;
/// [`to_absolute`](Self::to_absolute) makes an identity of it. One letter alone asks the registrar to
/// assign a stem (TS-0001 clause 10.2.2.2) and is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "AE-ID-Stem")]
pub struct AeIdStem(Box<str>);

impl AeIdStem {
    /// Reads a stem.
    ///
    /// # Errors
    /// [`IdentifierError::Stem`].
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        if is_stem(text, 'C') || is_stem(text, 'S') {
            Ok(Self(text.into()))
        } else {
            Err(IdentifierError::Stem)
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the stem is unique.
    pub fn scope(&self) -> StemScope {
        if self.0.starts_with('C') { StemScope::Registrar } else { StemScope::Provider }
    }

    /// The absolute AE-ID: of `registrar` for a stem "C", of `provider` for a stem "S".
    ///
    /// An SP-relative `registrar` belongs to `provider`; for a stem "S" it is not looked at.
    ///
    /// # Errors
    /// [`IdentifierError::StemWithoutRegistrar`] if the stem is "C" and there is none,
    /// [`IdentifierError::NotCseId`] if `registrar` is the name of an AE,
    /// [`IdentifierError::FqdnSingleLabel`] if `provider` is a laboratory name.
    pub fn to_absolute(
        &self,
        registrar: Option<&EntityName>,
        provider: &Fqdn,
    ) -> Result<EntityId, IdentifierError> {
        let text = match self.scope() {
            StemScope::Provider => format!("//{provider}/{self}"),
            StemScope::Registrar => {
                let registrar = registrar.ok_or(IdentifierError::StemWithoutRegistrar)?;
                let registrar = EntityId::new(EntityKind::Cse, registrar.to_absolute(provider)?)?;
                format!("{registrar}/{self}")
            }
        };
        EntityId::parse(EntityKind::Ae, &text)
    }
}

impl fmt::Display for AeIdStem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_form!(AeIdStem, "an AE-ID stem");

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn completes_stems_by_their_scope() {
        let provider = Fqdn::parse("sp.example.com").unwrap();
        let registrar = EntityName::parse("/CSE090112").unwrap();
        let elsewhere = EntityName::parse("//other.example/CSE1").unwrap();
        let ae = EntityName::parse("/CSE1/C1").unwrap();
        let stem = |text| AeIdStem::parse(text).unwrap();
        let absolute =
            |text, registrar| stem(text).to_absolute(registrar, &provider).map(|id| id.to_string());
        let ok = |text: &str| Ok(text.to_string());
        assert_eq!(absolute("S98821", None), ok("//sp.example.com/S98821"));
        assert_eq!(absolute("S98821", Some(&elsewhere)), ok("//sp.example.com/S98821"));
        assert_eq!(absolute("C190XX7T", Some(&registrar)), ok("//sp.example.com/CSE090112/C190XX7T"));
        assert_eq!(absolute("C1", Some(&elsewhere)), ok("//other.example/CSE1/C1"));
        assert_eq!(absolute("C1", None), Err(IdentifierError::StemWithoutRegistrar));
        assert_eq!(absolute("C1", Some(&ae)), Err(IdentifierError::NotCseId));
    }
}
