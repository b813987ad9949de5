//! PSK-based SAEF: a key Kpsa that somebody configured at both ends, under a KpsaID (TS-0003 clause 8.2.2.1).

use super::error::AssociationError;
use super::initiator::{Offer, Offered};
use super::peer::{Framework, Peer};
use crate::tls::Psk;
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, KpsaId, UnixTime};
use std::collections::HashMap;
use std::string::ToString;
use std::vec::Vec;
use zeroize::Zeroizing;

/// One Kpsa: its name, itself, whom it is shared with, and until when.
#[derive(Debug)]
pub struct PsaKey {
    name: KpsaId,
    key: Psk,
    peer: EntityName,
    expiration: Option<ExpirationTime>,
}

impl PsaKey {
    /// Fewest octets of a key outside the laboratory.
    pub const MIN_BYTES: usize = 16;

    /// A key of 16 to 64 octets, shared with `peer`, an absolute CSE-ID or AE-ID.
    ///
    /// # Errors
    /// [`AssociationError::Configuration`].
    pub fn new(
        name: KpsaId,
        key: impl Into<Zeroizing<Vec<u8>>>,
        peer: EntityName,
        expiration: Option<ExpirationTime>,
    ) -> Result<Self, AssociationError> {
        let key = key.into();
        if key.len() < Self::MIN_BYTES {
            return Err(AssociationError::Configuration("Kpsa has 16 to 64 octets"));
        }
        Self::for_laboratory(name, key, peer, expiration)
    }

    /// The same with a key that may be shorter, for conformance tests such as TD_M2M_SE_01 of TS-0013. Such a
    /// key can be guessed: whoever records a handshake without ECDHE tries all of them at leisure.
    ///
    /// # Errors
    /// [`AssociationError::Configuration`] for no octets or more than 64, or a peer that is not absolute.
    pub fn for_laboratory(
        name: KpsaId,
        key: impl Into<Zeroizing<Vec<u8>>>,
        peer: EntityName,
        expiration: Option<ExpirationTime>,
    ) -> Result<Self, AssociationError> {
        if !peer.is_absolute() {
            return Err(AssociationError::Configuration("a peer is given in absolute form"));
        }
        Ok(Self { name, key: Psk::new(key)?, peer, expiration })
    }

    /// Key and peer, if all is well.
    fn open(&self, own: &EntityName, now: UnixTime) -> Result<(Psk, Peer), AssociationError> {
        if self.peer == *own {
            return Err(AssociationError::OwnIdentity);
        }
        let ends = self.expiration.map(ExpirationTime::to_unix);
        let peer = Peer { entity: self.peer.clone(), framework: Framework::Psk, ends };
        if peer.has_ended(now) {
            return Err(AssociationError::Expired);
        }
        Ok((self.key.duplicate(), peer))
    }
}

/// The keys that a responder knows.
#[derive(Debug, Default)]
pub struct PsaKeys(HashMap<KpsaId, PsaKey>);

impl PsaKeys {
    /// Adds a key.
    ///
    /// # Errors
    /// [`AssociationError::Configuration`] if a key has that name already, or one that differs in case only.
    pub fn add(&mut self, key: PsaKey) -> Result<(), AssociationError> {
        if self.0.keys().any(|name| name.collides_with(&key.name)) {
            return Err(AssociationError::Configuration("two keys have the same KpsaID"));
        }
        self.0.insert(key.name.clone(), key);
        Ok(())
    }

    pub(super) fn find(
        &self,
        name: &KpsaId,
        own: &EntityName,
        now: UnixTime,
    ) -> Result<(Psk, Peer), AssociationError> {
        self.0.get(name).ok_or(AssociationError::UnknownIdentity)?.open(own, now)
    }
}

/// An initiator's offer: one Kpsa.
#[derive(Debug)]
pub struct PsaOffer(pub PsaKey);

impl Offer for PsaOffer {
    fn offer(&self, own: &EntityName, _: Option<&str>, now: UnixTime) -> Result<Offered, AssociationError> {
        let (key, peer) = self.0.open(own, now)?;
        Ok(Offered { identity: self.0.name.to_string(), key, peer })
    }
}
