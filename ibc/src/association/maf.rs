//! MAF-based SAEF (TS-0003 clause 8.2.2.3), and its like with a key that a MEF distributes (SUID 22).
//!
//! The initiator has registered Kc, naming the responder as target. It sends the Key Identifier; the responder
//! fetches Kc with it from the MAF, inside its handshake, through a [`KeySource`](super::KeySource).

use super::error::AssociationError;
use super::initiator::{Offer, Offered};
use super::peer::{Framework, Peer};
use crate::tls::Psk;
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, KeyIdentifier, SecurityUsage, UnixTime};
use std::fmt;
use std::string::ToString;
use zeroize::Zeroizing;

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
