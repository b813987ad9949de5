//! IBC-based SAEF: each derives the key from its own credential and what the other sends in the handshake.
//!
//! The server's PSK identity hint and the client's PSK identity are [`PskIdentity`] texts. Neither is
//! authenticated before the handshake is done: whoever cannot derive the key fails at Finished.

use super::bounded::Bounded;
use super::error::AssociationError;
use super::initiator::{Offer, Offered};
use super::peer::{Admission, Framework, Peer};
use crate::tls::Psk;
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, UnixTime};
use eccsi_sakke::saef::{
    Association, Credential, ExaminedPeer, PeerPolicy, PskIdentity, Role, SaefError, SharedKey,
    TrustedDomains,
};
use std::string::{String, ToString};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Most derived keys that are kept.
const KEYS: usize = 1024;

/// One entity's credential and the domains it trusts, with the keys it has derived.
///
/// A key is kept once a handshake has succeeded with it, so that strangers cannot fill the memory.
pub struct IbcParty {
    standing: Mutex<Arc<Standing>>,
    skew: Duration,
    /// By SHA-256(info), in which everything stands that enters the key.
    keys: Mutex<Bounded<[u8; 32], Arc<SharedKey>>>,
}

/// What a renewal replaces.
struct Standing {
    credential: Arc<Credential>,
    trusted: Arc<TrustedDomains>,
}

impl Standing {
    fn entity(&self) -> Result<EntityName, AssociationError> {
        let id_2 = self.credential.id_2();
        Ok(self.trusted.absolute(id_2.fqdn(), id_2.entity_id())?)
    }
}

impl std::fmt::Debug for IbcParty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IbcParty").field("id_2", self.standing().credential.id_2()).finish_non_exhaustive()
    }
}

/// What a handshake leaves: the key, to be kept if it succeeds.
pub(super) type Derived = Arc<SharedKey>;

impl IbcParty {
    /// With the usual skew, [`Association::DEFAULT_SKEW`].
    pub fn new(credential: Arc<Credential>, trusted: Arc<TrustedDomains>) -> Self {
        let standing = Mutex::new(Arc::new(Standing { credential, trusted }));
        Self { standing, skew: Association::DEFAULT_SKEW, keys: Mutex::new(Bounded::new(KEYS)) }
    }

    fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.standing.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a renewed credential of the same entity, and what is trusted from now on. Responders go on with it
    /// at once; a handshake that is under way at that moment may fail and has to be tried again. Associations
    /// that stand keep their end.
    ///
    /// # Errors
    /// [`AssociationError::Configuration`] if the credential is another entity's, [`AssociationError::Saef`].
    pub fn renew(
        &self,
        credential: Arc<Credential>,
        trusted: Arc<TrustedDomains>,
    ) -> Result<(), AssociationError> {
        let renewed = Standing { credential, trusted };
        renewed.credential.psk_identity()?;
        if renewed.entity()? != self.entity()? {
            return Err(AssociationError::Configuration("the credential is another entity's"));
        }
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(renewed);
        Ok(())
    }

    /// How long a peer's credential is accepted beyond its end.
    pub fn skew(self, skew: Duration) -> Self {
        Self { skew, ..self }
    }

    /// The entity of the credential, in absolute form.
    ///
    /// # Errors
    /// [`AssociationError::Saef`] if its domain is not trusted (any more).
    pub fn entity(&self) -> Result<EntityName, AssociationError> {
        self.standing().entity()
    }

    /// What is sent: as identity by a client, as hint by a server.
    pub(super) fn text(&self) -> Result<String, AssociationError> {
        Ok(self.standing().credential.psk_identity()?.to_string())
    }

    /// How many keys are kept.
    pub fn keys_kept(&self) -> usize {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Key and peer of a PSK identity, if all is well.
    pub(super) fn find(
        &self,
        role: Role,
        peer: &str,
        policy: &(dyn PeerPolicy + Sync),
        now: UnixTime,
    ) -> Result<(Psk, Peer, Derived), AssociationError> {
        let peer = PskIdentity::parse(peer)?;
        let standing = self.standing();
        let (own, trusted) = (&*standing.credential, &*standing.trusted);
        let association = Association { own, role, trusted, policy, skew: self.skew };
        let key = self.key(&association.examine(&peer, now)?)?;
        // The peer's end is judged as when it was accepted, with the skew: with clocks that differ, a session
        // would otherwise be over before it began.
        let peers_end = peer.id_2().expiration().to_unix().checked_add(self.skew);
        let own_end = own.id_2().expiration().to_unix();
        let ends = Some(peers_end.map_or(own_end, |end| end.min(own_end)));
        let peer = Peer { entity: key.peer().clone(), framework: Framework::Ibc, ends };
        Ok((Psk::new(key.expose().to_vec())?, peer, key))
    }

    fn key(&self, peer: &ExaminedPeer<'_>) -> Result<Derived, SaefError> {
        let context = peer.context();
        let kept = self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(&context).cloned();
        match kept {
            Some(key) => Ok(key),
            None => peer.derive().map(Arc::new),
        }
    }

    /// Keeps a key with which a handshake has succeeded.
    pub(super) fn keep(&self, key: Derived) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(key.context(), key);
    }
}

/// The admission of a responder, as the policy of the derivation.
pub(super) struct Admitted<'a>(pub(super) &'a dyn Admission);

impl PeerPolicy for Admitted<'_> {
    fn is_denied(&self, id_2: &ExpiringIdentity) -> bool {
        self.0.is_denied(id_2)
    }

    fn admits(&self, entity: &EntityName, _: &ExpiringIdentity) -> bool {
        self.0.admits(entity, Framework::Ibc)
    }
}

/// An initiator's offer: its credential, towards one peer.
pub struct IbcOffer {
    party: Arc<IbcParty>,
    peer: EntityName,
    admission: Arc<dyn Admission>,
}

impl std::fmt::Debug for IbcOffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IbcOffer({:?} to {})", self.party, self.peer)
    }
}

impl IbcOffer {
    /// Towards `peer`, absolute. Of `admission` the deny list is asked.
    ///
    /// # Errors
    /// [`AssociationError::Configuration`] if the peer is not absolute.
    pub fn new(
        party: Arc<IbcParty>,
        peer: EntityName,
        admission: Arc<dyn Admission>,
    ) -> Result<Self, AssociationError> {
        if !peer.is_absolute() {
            return Err(AssociationError::Configuration("a peer is given in absolute form"));
        }
        Ok(Self { party, peer, admission })
    }
}

impl PeerPolicy for IbcOffer {
    fn is_denied(&self, id_2: &ExpiringIdentity) -> bool {
        self.admission.is_denied(id_2)
    }

    fn admits(&self, entity: &EntityName, _: &ExpiringIdentity) -> bool {
        *entity == self.peer
    }
}

impl Offer for IbcOffer {
    fn offer(
        &self,
        own: &EntityName,
        hint: Option<&str>,
        now: UnixTime,
    ) -> Result<Offered, AssociationError> {
        if self.party.entity()? != *own {
            return Err(AssociationError::Configuration("the credential is another entity's"));
        }
        let hint = hint.ok_or(AssociationError::UnknownIdentity)?;
        let (key, peer, _) = self.party.find(Role::Client, hint, self, now)?;
        Ok(Offered { identity: self.party.text()?, key, peer })
    }
}
