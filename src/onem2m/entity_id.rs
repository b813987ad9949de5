//! CSE-ID and AE-ID.

use core::fmt;

use super::{EntityKind, EntityName, Fqdn, IdentifierError};

/// A CSE-ID or AE-ID with its kind: what an entity is called, and which of the two it is.
///
/// The forms are those of [`EntityName`] (TS-0001 clause 7.2). The kind is a field of its own, not
/// part of the text, so there is no conversion from text without it: see [`parse`](Self::parse). A
/// text whose kind is not known is an [`EntityName`]. Two values are equal when text and kind are;
/// [`same_entity`](Self::same_entity) answers the question of identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "CSE-ID")]
#[doc(alias = "AE-ID")]
pub struct EntityId {
    kind: EntityKind,
    name: EntityName,
}

impl EntityId {
    /// Reads an identifier of the given kind; the provider may be in upper case or end in a dot.
    ///
    /// # Errors
    /// [`IdentifierError::NotCseId`] or [`IdentifierError::NotAeId`] if the form belongs to the other
    /// kind, else as [`EntityName::parse`].
    pub fn parse(kind: EntityKind, text: &str) -> Result<Self, IdentifierError> {
        Self::new(kind, EntityName::parse(text)?)
    }

    /// Gives a name its kind.
    ///
    /// # Errors
    /// [`IdentifierError::NotCseId`] or [`IdentifierError::NotAeId`] if the form does not allow it.
    pub fn new(kind: EntityKind, name: EntityName) -> Result<Self, IdentifierError> {
        match kind {
            EntityKind::Cse if !name.can_be(kind) => Err(IdentifierError::NotCseId),
            EntityKind::Ae if !name.can_be(kind) => Err(IdentifierError::NotAeId),
            EntityKind::Cse | EntityKind::Ae => Ok(Self { kind, name }),
        }
    }

    /// Which of the two it is.
    pub fn kind(&self) -> EntityKind {
        self.kind
    }

    /// The identifier without its kind.
    pub fn name(&self) -> &EntityName {
        &self.name
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        self.name.as_str()
    }

    /// Whether the form is absolute: `//provider/…`.
    pub fn is_absolute(&self) -> bool {
        self.name.is_absolute()
    }

    /// The absolute form, with `provider` where this one names none.
    ///
    /// # Errors
    /// [`IdentifierError::FqdnSingleLabel`] if `provider` is a laboratory name.
    pub fn to_absolute(&self, provider: &Fqdn) -> Result<Self, IdentifierError> {
        Ok(Self { kind: self.kind, name: self.name.to_absolute(provider)? })
    }

    /// Whether both name the same entity; see [`EntityName::same_entity`]. The kind does not count.
    pub fn same_entity(&self, other: &Self, provider: &Fqdn) -> bool {
        self.name.same_entity(&other.name, provider)
    }
}

impl From<EntityId> for EntityName {
    fn from(id: EntityId) -> Self {
        id.name
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> EntityName {
        EntityName::parse(text).unwrap()
    }

    #[test]
    fn same_entity_compares_absolute_forms() {
        let home = Fqdn::parse("sp.example.com").unwrap();
        let away = Fqdn::parse("other.example").unwrap();
        // left, right, the same at home, the same at the other provider
        for (left, right, at_home, at_other) in [
            ("/CSE1", "/CSE1", true, true),
            ("/CSE1", "//sp.example.com/CSE1", true, false),
            ("/CSE1", "//other.example/CSE1", false, true),
            ("//SP.example.com./CSE1", "//sp.example.com/CSE1", true, true),
            ("//sp.example.com/CSE1", "//other.example/CSE1", false, false),
            ("/CSE1", "/cse1", false, false),
            ("/CSE1", "/CSE1/C1", false, false),
            ("/CSE1/C1", "//sp.example.com/CSE1/C1", true, false),
            ("/S98821", "//sp.example.com/S98821", true, false),
            ("/CSE1/C1", "/CSE2/C1", false, false),
        ] {
            let (left, right) = (name(left), name(right));
            for (provider, expected) in [(&home, at_home), (&away, at_other)] {
                assert_eq!(left.same_entity(&right, provider), expected, "{left} {right} {provider}");
                assert_eq!(right.same_entity(&left, provider), expected, "{right} {left} {provider}");
                assert_eq!(
                    left.to_absolute(provider) == right.to_absolute(provider),
                    expected,
                    "{left} {right} {provider}"
                );
            }
        }
    }

    #[test]
    fn the_same_text_as_cse_and_as_ae_is_the_same_entity() {
        let provider = Fqdn::parse("sp.example.com").unwrap();
        let cse = EntityId::parse(EntityKind::Cse, "/S98821").unwrap();
        let ae = EntityId::parse(EntityKind::Ae, "//sp.example.com/S98821").unwrap();
        assert_ne!(cse, ae);
        assert!(cse.same_entity(&ae, &provider));
        assert_eq!(cse.name().kind(), None);
        assert_eq!(name("/CSE1").kind(), Some(EntityKind::Cse));
        assert_eq!(name("/S").kind(), Some(EntityKind::Cse));
        assert_eq!(name("/CSE1/C1").kind(), Some(EntityKind::Ae));
    }

    #[test]
    fn a_laboratory_name_is_no_provider_of_an_absolute_form() {
        let lab = Fqdn::parse_lab("sp").unwrap();
        let cse = EntityId::parse(EntityKind::Cse, "/CSE1").unwrap();
        assert_eq!(cse.to_absolute(&lab), Err(IdentifierError::FqdnSingleLabel));
    }
}
