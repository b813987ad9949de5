//! The entity that is called.

use super::error::AssociationError;
use super::established::{SecurityAssociation, Stream};
use super::ibc::{Admitted, Derived, IbcParty};
use super::key_lookup::KeyLookup;
use super::peer::{Admission, Peer};
use super::psk::PsaKeys;
use crate::clock::Clock;
use crate::tls::{
    DtlsIncoming, DtlsListener, DtlsStream, HandshakeLimits, Psk, PskAnswer, PskResolver, PskSuites,
    ServerBuilder, ServerContext, Session, TlsError, TlsStream,
};
use eccsi_sakke::onem2m::{EntityName, Fqdn, KeyIdentifier, KpsaId};
use eccsi_sakke::saef::Role;
use openssl::ssl::Ssl;
use std::io;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

/// Gets to know why handshakes are refused: the claimed identity, and the reason.
type OnRefusal = Arc<dyn Fn(&str, &AssociationError) + Send + Sync>;

/// The entity that is called, with the frameworks it serves. Which one a peer uses shows in the form of its
/// PSK identity: three `@` are IBC; the FQDN of a MAF or MEF from which keys are fetched is that one's; the
/// rest are names of configured keys.
///
/// # Timing
/// Of a handshake with an IBC identity: constant in the own SSK and in the key. How long the answer takes shows what was done
/// with the claimed identity: a refusal by expiry, deny list, policy or unknown KPAK costs no multiplication, an accepted
/// identity one, and one whose key is kept (a handshake with it has succeeded before) none. So whoever can send a
/// PSK identity, which is public, learns whether it would be admitted, without its key.
#[derive(Clone)]
pub struct Responder {
    own: EntityName,
    clock: Arc<dyn Clock>,
    admission: Arc<dyn Admission>,
    psa: Option<Arc<PsaKeys>>,
    ibc: Option<Arc<IbcParty>>,
    lookup: Option<Arc<KeyLookup>>,
    on_refusal: Option<OnRefusal>,
}

impl std::fmt::Debug for Responder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Responder")
            .field("own", &self.own)
            .field("psa", &self.psa.is_some())
            .field("ibc", &self.ibc)
            .field("lookup", &self.lookup)
            .finish_non_exhaustive()
    }
}

/// What a handshake leaves with its session.
struct Found {
    peer: Peer,
    derived: Option<Derived>,
}

impl Responder {
    /// For the entity `own`, absolute. Serves no framework yet.
    ///
    /// # Errors
    /// [`AssociationError::Configuration`].
    pub fn new(
        own: EntityName,
        admission: Arc<dyn Admission>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AssociationError> {
        if !own.is_absolute() {
            return Err(AssociationError::Configuration("an entity is given in absolute form"));
        }
        Ok(Self { own, clock, admission, psa: None, ibc: None, lookup: None, on_refusal: None })
    }

    /// Serves PSK-based SAEF with these keys.
    pub fn psa_keys(self, keys: PsaKeys) -> Self {
        Self { psa: Some(Arc::new(keys)), ..self }
    }

    /// Serves IBC-based SAEF with this credential, whose PSK identity becomes the hint.
    ///
    /// # Errors
    /// [`AssociationError::Configuration`] if the credential is another entity's, [`AssociationError::Saef`].
    pub fn ibc(self, party: Arc<IbcParty>) -> Result<Self, AssociationError> {
        if party.entity()? != self.own {
            return Err(AssociationError::Configuration("the credential is another entity's"));
        }
        Ok(Self { ibc: Some(party), ..self })
    }

    /// Serves MAF-based SAEF, or its like with a MEF, with keys from there.
    pub fn registered_keys(self, lookup: KeyLookup) -> Self {
        Self { lookup: Some(Arc::new(lookup)), ..self }
    }

    /// Tells `on_refusal` the claimed identity and the reason when a handshake is refused: for a log or a
    /// count. Called in the handshake.
    pub fn on_refusal(self, on_refusal: impl Fn(&str, &AssociationError) + Send + Sync + 'static) -> Self {
        Self { on_refusal: Some(Arc::new(on_refusal)), ..self }
    }

    /// Ready for TCP, under these names (SNI).
    ///
    /// # Errors
    /// [`AssociationError::Saef`], [`AssociationError::Tls`].
    pub fn tls(
        self,
        names: impl IntoIterator<Item = Fqdn>,
        suites: PskSuites,
    ) -> Result<TlsResponder, AssociationError> {
        let context = self.context(ServerContext::tls(names).suites(suites))?;
        Ok(TlsResponder { context, responder: self })
    }

    /// Ready for UDP, under these names (SNI), on a socket that is bound and not connected.
    ///
    /// # Errors
    /// [`AssociationError::Saef`], [`AssociationError::Tls`].
    pub fn dtls(
        self,
        names: impl IntoIterator<Item = Fqdn>,
        suites: PskSuites,
        socket: UdpSocket,
        limits: HandshakeLimits,
    ) -> Result<DtlsResponder, AssociationError> {
        let context = self.context(ServerContext::dtls(names).suites(suites))?;
        Ok(DtlsResponder { listener: DtlsListener::new(&context, socket, limits)?, responder: self })
    }

    fn context(&self, mut builder: ServerBuilder) -> Result<ServerContext, AssociationError> {
        if let Some(ibc) = &self.ibc {
            ibc.text()?; // a credential that cannot be named shows now
            let ibc = Arc::clone(ibc);
            builder = builder.hint_from(move || ibc.text().ok());
        }
        Ok(builder.psk(Arc::new(self.clone())).build()?)
    }

    fn find(&self, identity: &str) -> Result<(Psk, Found), AssociationError> {
        let now = self.clock.now();
        if identity.bytes().filter(|octet| *octet == b'@').count() == 3 {
            let ibc = self.ibc.as_ref().ok_or(AssociationError::UnknownIdentity)?;
            let (key, peer, derived) = ibc.find(Role::Server, identity, &Admitted(&*self.admission), now)?;
            return Ok((key, Found { peer, derived: Some(derived) }));
        }
        let registered = KeyIdentifier::parse(identity).ok();
        let (key, peer) = match (registered, &self.lookup, &self.psa) {
            (Some(name), Some(lookup), _) if lookup.serves(name.fqdn()) => lookup.find(&name, now)?,
            (_, _, Some(psa)) => {
                let name = KpsaId::parse(identity).map_err(|_| AssociationError::UnknownIdentity)?;
                psa.find(&name, &self.own, now)?
            }
            (Some(_), Some(_), None) => return Err(AssociationError::ForeignKeySource),
            (_, _, None) => return Err(AssociationError::UnknownIdentity),
        };
        if peer.entity == self.own {
            return Err(AssociationError::OwnIdentity);
        }
        if !self.admission.admits(&peer.entity, peer.framework) {
            return Err(AssociationError::NotAdmitted);
        }
        Ok((key, Found { peer, derived: None }))
    }

    /// The peer of a session whose handshake this responder has answered, for I/O of the caller's own. To end it
    /// at its end is the caller's part then.
    ///
    /// # Errors
    /// [`AssociationError::Tls`] if the session is another's.
    pub fn peer(&self, session: &Session) -> Result<Peer, AssociationError> {
        let found = session.note::<Found>().ok_or(TlsError::NotAuthenticated)?;
        if let (Some(ibc), Some(derived)) = (&self.ibc, &found.derived) {
            ibc.keep(Arc::clone(derived));
        }
        Ok(found.peer.clone())
    }

    fn associate<T: Stream>(&self, stream: T) -> Result<SecurityAssociation<T>, AssociationError> {
        let peer = self.peer(stream.session())?;
        Ok(SecurityAssociation::new(stream, peer, Arc::clone(&self.clock)))
    }
}

impl PskResolver for Responder {
    fn resolve(&self, _: &str, identity: &str) -> Option<PskAnswer> {
        match self.find(identity) {
            Ok((key, found)) => Some(PskAnswer { key, note: Some(Arc::new(found)) }),
            Err(error) => {
                if let Some(on_refusal) = &self.on_refusal {
                    on_refusal(identity, &error);
                }
                None
            }
        }
    }
}

/// A [`Responder`] for TCP connections.
#[derive(Clone, Debug)]
pub struct TlsResponder {
    context: ServerContext,
    responder: Responder,
}

impl TlsResponder {
    /// Associates over an accepted connection, within `patience`.
    ///
    /// # Errors
    /// [`AssociationError::Tls`]; the reason of a refusal went to [`Responder::on_refusal`].
    pub fn accept(
        &self,
        tcp: TcpStream,
        patience: Duration,
    ) -> Result<SecurityAssociation<TlsStream>, AssociationError> {
        self.responder.associate(self.context.accept(tcp, patience)?)
    }

    /// An object for one connection, for I/O of the caller's own: then [`Session::of`] and
    /// [`Responder::peer`].
    ///
    /// # Errors
    /// [`AssociationError::Tls`].
    pub fn connection(&self) -> Result<Ssl, AssociationError> {
        Ok(self.context.connection()?)
    }

    /// The responder behind.
    pub fn responder(&self) -> &Responder {
        &self.responder
    }
}

/// A [`Responder`] on a UDP socket.
#[derive(Debug)]
pub struct DtlsResponder {
    listener: DtlsListener,
    responder: Responder,
}

impl DtlsResponder {
    /// The next peer that has returned its cookie; `None` if none came in time. Many threads may wait.
    ///
    /// # Errors
    /// [`AssociationError::Tls`].
    pub fn accept(&self, patience: Duration) -> Result<Option<PendingAssociation>, AssociationError> {
        let incoming = self.listener.accept(patience)?;
        Ok(incoming.map(|incoming| PendingAssociation { incoming, responder: self.responder.clone() }))
    }

    /// The socket's own address.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The listener below.
    pub fn listener(&self) -> &DtlsListener {
        &self.listener
    }
}

/// A peer whose handshake has begun; to be finished on any thread.
#[derive(Debug)]
pub struct PendingAssociation {
    incoming: DtlsIncoming,
    responder: Responder,
}

impl PendingAssociation {
    /// Where it sends from.
    pub fn peer_address(&self) -> SocketAddr {
        self.incoming.peer_address()
    }

    /// Does the rest of the handshake on this thread, within `patience`.
    ///
    /// # Errors
    /// [`AssociationError::Tls`], with [`TlsError::TimedOut`] after a refusal.
    pub fn associate(self, patience: Duration) -> Result<SecurityAssociation<DtlsStream>, AssociationError> {
        self.responder.associate(self.incoming.handshake(patience)?)
    }
}
