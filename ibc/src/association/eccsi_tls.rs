//! Associations over TLS 1.3, each end signing with its identity-based credential: nothing shared, nobody
//! asked, forward secret. One credential serves this and the IBC-based SAEF, since the identity in the raw
//! public key is the ID_2, octet for octet.

use super::peer::{Admission, Framework, Peer};
use crate::clock::Clock;
use crate::tls::raw_public_key::{
    OwnRawPublicKey, PeerKeys, SigningKeyHolder, SubjectPublicKeyInfo, client_config, parameters_hash,
    peer_key, server_config,
};
use eccsi_sakke::eccsi::{KmsPublicKey, SigningKey};
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, Fqdn};
use eccsi_sakke::saef::{Association, Credential, PeerPolicy, Role, SaefError, TrustedDomains};
use rustls::{ClientConfig, CommonState, ServerConfig};
use std::sync::Arc;
use std::time::Duration;

/// One entity, ready to associate over TLS 1.3 in either role. Cheap to clone.
///
/// The configurations go to any transport for rustls: `rustls::StreamOwned`, `tokio_rustls`. Once the handshake
/// is done, [`peer`](Self::peer) says who is at the other end, and when the association ends; to end it then is
/// the caller's part.
#[derive(Clone)]
pub struct EccsiEntity {
    credential: Arc<Credential>,
    trusted: Arc<TrustedDomains>,
    admission: Arc<dyn Admission>,
    clock: Arc<dyn Clock>,
    skew: Duration,
}

impl std::fmt::Debug for EccsiEntity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EccsiEntity").field("id_2", self.credential.id_2()).finish_non_exhaustive()
    }
}

struct Holder(Arc<Credential>);

impl SigningKeyHolder for Holder {
    fn signing_key(&self) -> &SigningKey {
        self.0.signing_key()
    }
}

/// Accepts the peers of one entity: the one it calls, or those that it admits.
struct Peers {
    entity: EccsiEntity,
    expected: Option<EntityName>,
}

impl PeerPolicy for Peers {
    fn is_denied(&self, id_2: &ExpiringIdentity) -> bool {
        self.entity.admission.is_denied(id_2)
    }

    fn admits(&self, entity: &EntityName, _: &ExpiringIdentity) -> bool {
        match &self.expected {
            Some(expected) => entity == expected,
            None => self.entity.admission.admits(entity, Framework::EccsiTls),
        }
    }
}

impl PeerKeys for Peers {
    fn kpak(&self, presented: &SubjectPublicKeyInfo<'_>) -> Option<KmsPublicKey> {
        self.examine(presented).ok().map(|(_, kpak)| kpak.clone())
    }
}

impl Peers {
    /// All checks on a raw public key but the signature.
    fn examine<'a>(
        &'a self,
        presented: &SubjectPublicKeyInfo<'_>,
    ) -> Result<(Peer, &'a KmsPublicKey), SaefError> {
        let EccsiEntity { credential, trusted, clock, skew, .. } = &self.entity;
        let now = clock.now();
        if !credential.id_2().is_live(now) {
            return Err(SaefError::OwnCredentialExpired);
        }
        let text = core::str::from_utf8(presented.identity).map_err(|_| SaefError::PskIdentityForm)?;
        let id_2 = ExpiringIdentity::parse(text)?;
        let role = if self.expected.is_some() { Role::Client } else { Role::Server };
        let association = Association { own: credential, role, trusted, policy: self, skew: *skew };
        let entity = association.admit(&id_2, now)?;
        let kpak = trusted.kpaks(id_2.fqdn()).find(|kpak| parameters_hash(kpak) == presented.parameters_hash);
        let own_end = credential.id_2().expiration().to_unix();
        let ends = id_2.expiration().to_unix().checked_add(*skew).map_or(own_end, |end| end.min(own_end));
        let peer = Peer { entity, framework: Framework::EccsiTls, ends: Some(ends) };
        Ok((peer, kpak.ok_or(SaefError::UnknownKpak)?))
    }
}

impl EccsiEntity {
    /// With the usual skew, [`Association::DEFAULT_SKEW`].
    pub fn new(
        credential: Arc<Credential>,
        trusted: Arc<TrustedDomains>,
        admission: Arc<dyn Admission>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { credential, trusted, admission, clock, skew: Association::DEFAULT_SKEW }
    }

    /// How long a peer's credential is accepted beyond its end.
    pub fn skew(self, skew: Duration) -> Self {
        Self { skew, ..self }
    }

    /// The raw public key of the credential, for configurations of the caller's own making.
    pub fn raw_public_key(&self) -> OwnRawPublicKey {
        let holder = Arc::new(Holder(Arc::clone(&self.credential)));
        OwnRawPublicKey::new(self.credential.id_2().identity(), holder)
    }

    fn peers(&self, expected: Option<EntityName>) -> Peers {
        Peers { entity: self.clone(), expected }
    }

    /// To be called, under these names (SNI), by those whom the admission admits.
    ///
    /// # Errors
    /// Those of rustls.
    pub fn responder(&self, names: impl IntoIterator<Item = Fqdn>) -> Result<ServerConfig, rustls::Error> {
        server_config(&self.raw_public_key(), names, Arc::new(self.peers(None)))
    }

    /// To call the entity `peer`, absolute.
    ///
    /// # Errors
    /// Those of rustls.
    pub fn initiator(&self, peer: EntityName) -> Result<ClientConfig, rustls::Error> {
        client_config(&self.raw_public_key(), Arc::new(self.peers(Some(peer))))
    }

    /// Who is at the other end of a connection whose handshake is done; `expected` as given to
    /// [`initiator`](Self::initiator), `None` at the responder.
    ///
    /// # Errors
    /// [`SaefError`] if it would not be accepted (any more).
    pub fn peer(&self, connection: &CommonState, expected: Option<&EntityName>) -> Result<Peer, SaefError> {
        let presented = peer_key(connection).map_err(|_| SaefError::PskIdentityForm)?;
        self.peers(expected.cloned()).examine(&presented).map(|(peer, _)| peer)
    }
}
