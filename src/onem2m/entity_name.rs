//! The text of a CSE-ID or AE-ID, whichever of the two it is.

use alloc::format;
use alloc::string::String;
use core::fmt;

use super::text_form::text_form;
use super::{EntityKind, Fqdn, IdentifierError};

/// The text of a CSE-ID or AE-ID whose kind need not be known: SP-relative or absolute.
///
/// Forms of TS-0001 clause 7.2, where a segment is letters, digits, `-`, `.`, `_` and `~`:
///
/// | form | text |
/// |---|---|
/// | CSE-ID | `/cse`, `//provider/cse` |
/// | AE-ID, stem "S" | `/S…`, `//provider/S…` |
/// | AE-ID, stem "C" | `/cse/C…`, `//provider/cse/C…` |
///
/// `/S98821` is both a CSE-ID and an AE-ID by its form; only the context can tell. An ID_2 carries
/// no context, so this type is what it gives. Where the kind is known, keep an
/// [`EntityId`](super::EntityId).
///
/// The provider is in canonical form; segments keep their case, which matters. `.` and `..` are
/// no segments, because a URI reference would swallow them (RFC 3986 section 5.2.4). A bare stem is
/// refused: it names nothing outside its registrar.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityName {
    text: String,
    provider: Option<Fqdn>,
}

impl EntityName {
    /// Reads an identifier; the provider may be in upper case or end in a dot.
    ///
    /// # Errors
    /// An [`IdentifierError`] that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        if text.is_empty() {
            return Err(IdentifierError::Empty);
        }
        let Some(absolute) = text.strip_prefix("//") else {
            check_path(text)?;
            return Ok(Self { text: text.into(), provider: None });
        };
        let slash = absolute.find('/').ok_or(IdentifierError::EntityWithoutPath)?;
        let (provider, path) = absolute.split_at(slash);
        let provider = Fqdn::parse(provider)?;
        check_path(path)?;
        Ok(Self { text: format!("//{provider}{path}"), provider: Some(provider) })
    }

    /// Reads an identifier that must be in canonical form already, as inside an ID_2.
    ///
    /// # Errors
    /// [`IdentifierError::NotCanonical`] for another spelling, else as [`parse`](Self::parse).
    pub fn parse_canonical(text: &str) -> Result<Self, IdentifierError> {
        let name = Self::parse(text)?;
        if name.text == text { Ok(name) } else { Err(IdentifierError::NotCanonical) }
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The service provider, if the form is absolute.
    pub fn provider(&self) -> Option<&Fqdn> {
        self.provider.as_ref()
    }

    /// Whether the form is absolute: `//provider/…`.
    pub fn is_absolute(&self) -> bool {
        self.provider.is_some()
    }

    /// The SP-relative part, from its `/` on.
    pub fn path(&self) -> &str {
        let start = self.provider.as_ref().map_or(0, |provider| "//".len() + provider.as_str().len());
        &self.text[start..]
    }

    /// The one or two segments of the path: that of the CSE, or the stem "S" of an AE; then the stem "C" of an AE.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> + Clone {
        self.path()[1..].split('/')
    }

    /// Whether the form allows this kind.
    pub fn can_be(&self, kind: EntityKind) -> bool {
        let two_segments = self.path()[1..].contains('/');
        match kind {
            EntityKind::Cse => !two_segments,
            EntityKind::Ae => two_segments || is_stem(&self.path()[1..], 'S'),
        }
    }

    /// The kind, if the form leaves only one.
    pub fn kind(&self) -> Option<EntityKind> {
        match (self.can_be(EntityKind::Cse), self.can_be(EntityKind::Ae)) {
            (true, false) => Some(EntityKind::Cse),
            (false, true) => Some(EntityKind::Ae),
            (true, true) | (false, false) => None,
        }
    }

    /// The absolute form, with `provider` where this one names none.
    ///
    /// # Errors
    /// [`IdentifierError::FqdnSingleLabel`] if `provider` is a laboratory name.
    pub fn to_absolute(&self, provider: &Fqdn) -> Result<Self, IdentifierError> {
        if self.is_absolute() {
            return Ok(self.clone());
        }
        let provider = provider.clone().embeddable()?;
        Ok(Self { text: format!("//{provider}{}", self.text), provider: Some(provider) })
    }

    /// Whether both name the same entity, when SP-relative forms belong to `provider`.
    ///
    /// Compares absolute forms. The same text as CSE-ID and as AE-ID counts as the same, since an
    /// ID_2 could not tell them apart.
    pub fn same_entity(&self, other: &Self, provider: &Fqdn) -> bool {
        self.provider().unwrap_or(provider) == other.provider().unwrap_or(provider)
            && self.path() == other.path()
    }
}

/// Checks the SP-relative part of an identifier.
fn check_path(path: &str) -> Result<(), IdentifierError> {
    let Some(path) = path.strip_prefix('/') else {
        let bare = is_stem(path, 'C') || is_stem(path, 'S');
        return Err(if bare { IdentifierError::BareStem } else { IdentifierError::EntityStart });
    };
    let mut segments = path.split('/');
    let (first, second) = (segments.next().unwrap_or_default(), segments.next());
    if segments.next().is_some() {
        return Err(IdentifierError::EntityTooManySegments);
    }
    if !is_segment(first) || !second.is_none_or(is_segment) {
        return Err(IdentifierError::EntitySegment);
    }
    if second.is_some_and(|stem| !is_stem(stem, 'C')) {
        return Err(IdentifierError::NotAeId);
    }
    Ok(())
}

/// One or more unreserved characters of RFC 3986 section 2.3, not a dot segment.
pub(super) fn is_segment(text: &str) -> bool {
    !matches!(text, "" | "." | "..")
        && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet))
}

/// Whether `text` is an AE-ID stem with this first letter; the letter alone asks for a stem and is none.
pub(super) fn is_stem(text: &str, first: char) -> bool {
    text.len() > 1 && text.starts_with(first) && is_segment(text)
}

impl AsRef<str> for EntityName {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for EntityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

text_form!(EntityName, "a CSE-ID or AE-ID");
