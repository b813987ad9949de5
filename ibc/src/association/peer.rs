//! The peer of an association, and who may be one.

use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, UnixTime};
use eccsi_sakke::saef::{PeerLists, PeerPolicy};
use std::fmt;

/// How two entities came to trust each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Framework {
    /// PSK-based SAEF: a key configured at both ends.
    Psk,
    /// MAF-based SAEF: a key registered at a MAF (SUID 32).
    Maf,
    /// The same with a key registered at a MEF (SUID 22).
    Mef,
    /// IBC-based SAEF: a key derived from identity-based credentials.
    Ibc,
    /// TLS 1.3 with signatures of identity-based credentials.
    EccsiTls,
}

impl fmt::Display for Framework {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Psk => "PSK-based SAEF",
            Self::Maf => "MAF-based SAEF",
            Self::Mef => "SAEF with a key from a MEF",
            Self::Ibc => "IBC-based SAEF",
            Self::EccsiTls => "TLS 1.3 with ECCSI",
        })
    }
}

/// The other end of an association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// CSE-ID or AE-ID in absolute form.
    pub entity: EntityName,
    /// How it was authenticated.
    pub framework: Framework,
    /// The instant at which the association ends; `None` if its key has no end.
    ///
    /// With identity-based credentials the earlier of the two ends, the peer's with the skew that was
    /// granted when it was accepted.
    pub ends: Option<UnixTime>,
}

impl Peer {
    /// Whether the association has reached its end.
    pub fn has_ended(&self, now: UnixTime) -> bool {
        self.ends.is_some_and(|end| now >= end)
    }
}

/// Whom an entity associates with, by whatever framework: [`PeerLists`], a closure, or what the caller makes.
///
/// The [`PeerPolicy`] of the derivation is asked for an identity-based credential, which a peer with a registered or a
/// configured key does not have; so it cannot take the place of this, and is made from it where a key is derived.
pub trait Admission: Send + Sync + 'static {
    /// May this entity, in absolute form, associate by this framework? Asked where the peer comes to us; where
    /// we go to it, we have named it.
    fn admits(&self, peer: &EntityName, framework: Framework) -> bool;

    /// Is this identity-based credential on the deny list? Asked in both roles.
    fn is_denied(&self, id_2: &ExpiringIdentity) -> bool;
}

/// Lists: the framework does not matter.
impl Admission for PeerLists {
    fn admits(&self, peer: &EntityName, _: Framework) -> bool {
        self.admits_entity(peer)
    }

    fn is_denied(&self, id_2: &ExpiringIdentity) -> bool {
        PeerPolicy::is_denied(self, id_2)
    }
}

/// Admits what the closure admits, and has no deny list.
impl<F: Fn(&EntityName, Framework) -> bool + Send + Sync + 'static> Admission for F {
    fn admits(&self, peer: &EntityName, framework: Framework) -> bool {
        self(peer, framework)
    }

    fn is_denied(&self, _: &ExpiringIdentity) -> bool {
        false
    }
}
