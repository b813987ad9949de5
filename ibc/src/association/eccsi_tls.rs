//! Associations over TLS 1.3, each end signing with its identity-based credential: nothing shared, nobody
//! asked, forward secret. One credential serves this and the IBC-based SAEF, since the identity in the raw
//! public key is the ID_2, octet for octet.

use super::peer::{Admission, Framework, Peer};
use crate::clock::Clock;
use crate::tls::raw_public_key::{
    OwnKeys, OwnRawPublicKey, PeerKeys, SigningKeyHolder, SubjectPublicKeyInfo, client_config_of,
    parameters_hash, peer_key, server_config_of,
};
use eccsi_sakke::eccsi::{KmsPublicKey, SigningKey};
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, Fqdn};
use eccsi_sakke::saef::{Association, Credential, PeerPolicy, Role, SaefError, TrustedDomains};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, CommonState, ServerConfig};
use std::fmt;
use std::string::String;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One entity, ready to associate over TLS 1.3 in either role. Cheap to clone.
///
/// The configurations go to any transport for rustls: `rustls::StreamOwned`, `tokio_rustls`. Once the handshake
/// is done, [`peer`](Self::peer) says who is at the other end, and when the association ends; to end it then is
/// the caller's part.
#[derive(Clone)]
pub struct EccsiEntity {
    standing: Arc<Mutex<Arc<Standing>>>,
    admission: Arc<dyn Admission>,
    clock: Arc<dyn Clock>,
    skew: Duration,
    on_refusal: Option<OnRefusal>,
}

/// Gets to know why peers are refused: the claimed identity, and the reason.
type OnRefusal = Arc<dyn Fn(&str, &EccsiRefusal) + Send + Sync>;

/// Why a peer was refused. For this side's log: the peer is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EccsiRefusal {
    /// Its identity is not accepted, or this side has none any more.
    Identity(SaefError),
    /// Its signature does not verify.
    Signature,
}

impl fmt::Display for EccsiRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity(error) => error.fmt(f),
            Self::Signature => f.write_str("signature of the peer does not verify"),
        }
    }
}

// The message holds the cause: a `source` would repeat it.
impl std::error::Error for EccsiRefusal {}

/// What a renewal replaces.
struct Standing {
    credential: Arc<Credential>,
    trusted: Arc<TrustedDomains>,
    own: Arc<CertifiedKey>,
}

impl Standing {
    fn new(credential: Arc<Credential>, trusted: Arc<TrustedDomains>) -> Self {
        let own = raw_public_key(&credential).certified();
        Self { credential, trusted, own }
    }

    fn entity(&self) -> Result<EntityName, SaefError> {
        let id_2 = self.credential.id_2();
        self.trusted.absolute(id_2.fqdn(), id_2.entity_id())
    }
}

fn raw_public_key(credential: &Arc<Credential>) -> OwnRawPublicKey {
    OwnRawPublicKey::new(credential.id_2().identity(), Arc::new(Holder(Arc::clone(credential))))
}

/// Each handshake takes the credential that stands when it begins.
impl OwnKeys for EccsiEntity {
    fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.standing().own)
    }
}

impl fmt::Debug for EccsiEntity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EccsiEntity").field("id_2", self.standing().credential.id_2()).finish_non_exhaustive()
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
        match self.examine(presented) {
            Ok((_, kpak)) => Some(kpak),
            Err(error) => {
                self.refused(presented, &EccsiRefusal::Identity(error));
                None
            }
        }
    }

    fn signature_refused(&self, presented: &SubjectPublicKeyInfo<'_>) {
        self.refused(presented, &EccsiRefusal::Signature);
    }
}

impl Peers {
    /// All checks on a raw public key but the signature.
    fn examine(&self, presented: &SubjectPublicKeyInfo<'_>) -> Result<(Peer, KmsPublicKey), SaefError> {
        let EccsiEntity { clock, skew, .. } = &self.entity;
        let standing = self.entity.standing();
        let Standing { credential, trusted, .. } = &*standing;
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
        Ok((peer, kpak.ok_or(SaefError::UnknownKpak)?.clone()))
    }

    fn refused(&self, presented: &SubjectPublicKeyInfo<'_>, why: &EccsiRefusal) {
        if let Some(on_refusal) = &self.entity.on_refusal {
            on_refusal(&String::from_utf8_lossy(presented.identity), why);
        }
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
        let standing = Arc::new(Mutex::new(Arc::new(Standing::new(credential, trusted))));
        Self { standing, admission, clock, skew: Association::DEFAULT_SKEW, on_refusal: None }
    }

    fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.standing.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a renewed credential of the same entity, and what is trusted from now on. Clones and configurations made
    /// before go on with it: the next handshake shows it. Connections that stand are not touched; should
    /// [`peer`](Self::peer) be asked about one only now, the end that it gives is counted with the new credential.
    ///
    /// # Errors
    /// [`SaefError::NotAdmitted`] if the credential is another entity's, [`SaefError::UnknownDomain`],
    /// [`SaefError::ForeignProvider`].
    pub fn renew(&self, credential: Arc<Credential>, trusted: Arc<TrustedDomains>) -> Result<(), SaefError> {
        let renewed = Standing::new(credential, trusted);
        if renewed.entity()? != self.standing().entity()? {
            return Err(SaefError::NotAdmitted);
        }
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(renewed);
        Ok(())
    }

    /// Tells `on_refusal` the claimed identity and the reason when a peer is refused, in either role: for a log or a
    /// count. Called in the handshake, on configurations made from what this gives.
    pub fn on_refusal(self, on_refusal: impl Fn(&str, &EccsiRefusal) + Send + Sync + 'static) -> Self {
        Self { on_refusal: Some(Arc::new(on_refusal)), ..self }
    }

    /// How long a peer's credential is accepted beyond its end.
    pub fn skew(self, skew: Duration) -> Self {
        Self { skew, ..self }
    }

    /// The raw public key of the present credential, for configurations of the caller's own making.
    pub fn raw_public_key(&self) -> OwnRawPublicKey {
        raw_public_key(&self.standing().credential)
    }

    fn peers(&self, expected: Option<EntityName>) -> Peers {
        Peers { entity: self.clone(), expected }
    }

    /// To be called, under these names (SNI), by those whom the admission admits.
    ///
    /// # Errors
    /// Those of rustls.
    pub fn responder(&self, names: impl IntoIterator<Item = Fqdn>) -> Result<ServerConfig, rustls::Error> {
        server_config_of(Arc::new(self.clone()), names, Arc::new(self.peers(None)))
    }

    /// To call the entity `peer`, absolute.
    ///
    /// # Errors
    /// Those of rustls.
    pub fn initiator(&self, peer: EntityName) -> Result<ClientConfig, rustls::Error> {
        client_config_of(Arc::new(self.clone()), Arc::new(self.peers(Some(peer))))
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
