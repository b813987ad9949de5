//! MAF-based SAEF (TS-0003 clause 8.2.2.3), and its like with a key that a MEF distributes (SUID 22).
//!
//! The initiator has registered Kc, naming the responder as target. It sends the Key Identifier; the responder
//! fetches Kc with it from the MAF, inside its handshake, through a [`KeySource`].

use super::error::AssociationError;
use super::initiator::{Offer, Offered};
use super::peer::{Framework, Peer};
use crate::tls::Psk;
use eccsi_sakke::onem2m::{CredentialId, EntityName, ExpirationTime, KeyIdentifier, SecurityUsage, UnixTime};
use std::fmt;
use std::string::ToString;
use std::time::Instant;
use zeroize::Zeroizing;

/// Whom the MAF or MEF names as the source of a key (step 14 of clause 8.2.2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyOrigin {
    /// Its CSE-ID or AE-ID, absolute.
    Entity(EntityName),
    /// Only its credential, such as `11-<KmID>`: the responder looks the entity up.
    Credential(CredentialId),
}

/// What a key retrieval gave.
#[derive(Debug)]
pub struct RetrievedKey {
    /// Kc, 32 octets.
    pub key: Zeroizing<[u8; 32]>,
    /// What the key was registered for.
    pub usage: SecurityUsage,
    /// The end of its life.
    pub expiration: ExpirationTime,
    /// Who registered it.
    pub origin: KeyOrigin,
}

/// Why a key retrieval gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetrievalError {
    /// The MAF or MEF refuses: no such key, or not for this entity. Remembered for some seconds.
    Refused,
    /// The MAF or MEF could not be asked. Not remembered.
    Unavailable,
    /// The answer did not come in time. It is kept for the next handshake, should it come later.
    TimedOut,
    /// As many retrievals as allowed are under way.
    Busy,
}

impl fmt::Display for RetrievalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "key was not given out",
            Self::Unavailable => "key could not be asked for",
            Self::TimedOut => "key did not come in time",
            Self::Busy => "too many keys are being fetched",
        })
    }
}

impl std::error::Error for RetrievalError {}

/// A way to retrieve keys from a MAF or a MEF (clauses 8.8.2.8, 8.3.5.2.8), as the client this entity is there.
pub trait KeySource: Send + Sync + 'static {
    /// Retrieves the key of this identifier. Runs on a thread of its own; an answer after `deadline` is too late
    /// for the handshake that asked.
    ///
    /// # Errors
    /// [`RetrievalError::Refused`], [`RetrievalError::Unavailable`].
    fn retrieve(&self, key: &KeyIdentifier, deadline: Instant) -> Result<RetrievedKey, RetrievalError>;
}

/// The framework of a key by the use it was registered for.
pub(super) fn framework(usage: SecurityUsage) -> Option<Framework> {
    match usage {
        SecurityUsage::MafSaef => Some(Framework::Maf),
        SecurityUsage::RspfSaef => Some(Framework::Mef),
        _ => None,
    }
}

/// An initiator's offer: a key it has registered at a MAF or MEF for the peer.
pub struct RegisteredKeyOffer {
    identifier: KeyIdentifier,
    key: Psk,
    framework: Framework,
    peer: EntityName,
    ends: UnixTime,
}

impl fmt::Debug for RegisteredKeyOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegisteredKeyOffer({} for {})", self.identifier, self.peer)
    }
}

impl RegisteredKeyOffer {
    /// The key registered under `identifier` for `usage`, with `peer`, absolute, as its target.
    ///
    /// # Errors
    /// [`AssociationError::WrongUsage`] unless the usage is 32 or 22: such a key serves nothing but associations.
    /// [`AssociationError::Configuration`] if the peer is not absolute.
    pub fn new(
        identifier: KeyIdentifier,
        key: &Zeroizing<[u8; 32]>,
        usage: SecurityUsage,
        expiration: ExpirationTime,
        peer: EntityName,
    ) -> Result<Self, AssociationError> {
        let framework = framework(usage).ok_or(AssociationError::WrongUsage)?;
        if !peer.is_absolute() {
            return Err(AssociationError::Configuration("a peer is given in absolute form"));
        }
        let key = Psk::new(key.to_vec())?;
        Ok(Self { identifier, key, framework, peer, ends: expiration.to_unix() })
    }
}

impl Offer for RegisteredKeyOffer {
    fn offer(&self, own: &EntityName, _: Option<&str>, now: UnixTime) -> Result<Offered, AssociationError> {
        if self.peer == *own {
            return Err(AssociationError::OwnIdentity);
        }
        let peer = Peer { entity: self.peer.clone(), framework: self.framework, ends: Some(self.ends) };
        if peer.has_ended(now) {
            return Err(AssociationError::Expired); // time to register another
        }
        Ok(Offered { identity: self.identifier.to_string(), key: self.key.duplicate(), peer })
    }
}
