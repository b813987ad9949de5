//! The octets that a key is bound to.

#[cfg(feature = "sakke")]
pub(crate) mod sakke_identifier;

use core::fmt;

/// An identity: the octet string "ID" of RFC 6507. What SAKKE takes is a `sakke::Identifier`.
///
/// Any octets are an identity, the empty string included; nothing is normalised. Two identities
/// are the same exactly when their octets are. The sample identity of RFC 6507 contains NUL
/// octets, which belong to it. For oneM2M the octets are the text of an
/// [`ExpiringIdentity`](crate::onem2m::ExpiringIdentity).
///
/// A type of its own, so that an identity cannot be swapped with a message.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
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
