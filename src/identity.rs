//! The octets that a key is bound to.

#[cfg(feature = "sakke")]
pub(crate) mod sakke_identifier;

use alloc::boxed::Box;
use core::fmt;

/// An identity: the octet string "ID" of RFC 6507. What SAKKE takes is a `sakke::Identifier`.
///
/// Any octets are an identity, the empty string included; nothing is normalised. Two identities
/// are the same exactly when their octets are. The sample identity of RFC 6507 contains NUL
/// octets, which belong to it. For oneM2M the octets are the text of an
/// [`ExpiringIdentity`](crate::onem2m::ExpiringIdentity).
///
/// A type of its own, so that an identity cannot be swapped with a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity<'a>(&'a [u8]);

impl<'a> Identity<'a> {
    /// Takes `octets` as they are.
    pub const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// The octets, as they enter the hash.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

impl fmt::Debug for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity(\"{}\")", self.0.escape_ascii())
    }
}

impl AsRef<[u8]> for Identity<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0
    }
}

impl<'a> From<&'a [u8]> for Identity<'a> {
    fn from(octets: &'a [u8]) -> Self {
        Self(octets)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Identity<'a> {
    fn from(octets: &'a [u8; N]) -> Self {
        Self(octets)
    }
}

/// The octets of the text in UTF-8, without a terminator.
impl<'a> From<&'a str> for Identity<'a> {
    fn from(text: &'a str) -> Self {
        Self(text.as_bytes())
    }
}

impl<'a> From<&'a OwnedIdentity> for Identity<'a> {
    fn from(identity: &'a OwnedIdentity) -> Self {
        identity.as_identity()
    }
}

/// An [`Identity`] that owns its octets: to keep one, or to send it to another thread.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnedIdentity(Box<[u8]>);

impl OwnedIdentity {
    /// Takes `octets` as they are.
    pub fn new(octets: impl Into<Box<[u8]>>) -> Self {
        Self(octets.into())
    }

    /// The same identity, borrowed.
    pub fn as_identity(&self) -> Identity<'_> {
        Identity(&self.0)
    }

    /// The octets, as they enter the hash.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for OwnedIdentity {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Identity<'_>> for OwnedIdentity {
    fn from(identity: Identity<'_>) -> Self {
        Self(identity.0.into())
    }
}

impl fmt::Debug for OwnedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnedIdentity(\"{}\")", self.0.escape_ascii())
    }
}
