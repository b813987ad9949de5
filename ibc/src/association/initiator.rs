//! The entity that calls.

use super::error::AssociationError;
use super::established::{SecurityAssociation, Stream};
use super::peer::Peer;
use crate::clock::Clock;
use crate::tls::{
    ClientContext, DtlsStream, Psk, PskAnswer, PskOffer, PskOffered, PskSuites, Session, TlsError, TlsStream,
    Transport,
};
use eccsi_sakke::onem2m::{EntityName, Fqdn, UnixTime};
use openssl::ssl::Ssl;
use std::net::{TcpStream, UdpSocket};
use std::string::String;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What an initiator sends, the key behind it, and who the other end is if it has that key too.
#[derive(Debug)]
pub struct Offered {
    /// The PSK identity.
    pub identity: String,
    /// The key.
    pub key: Psk,
    /// The peer.
    pub peer: Peer,
}

/// One framework's way to an identity and a key, for one peer.
pub trait Offer: Send + Sync + 'static {
    /// `own` is the calling entity in absolute form, `hint` what the responder sent, unauthenticated as yet.
    ///
    /// # Errors
    /// An [`AssociationError`], which ends the handshake.
    fn offer(&self, own: &EntityName, hint: Option<&str>, now: UnixTime)
    -> Result<Offered, AssociationError>;
}

/// The entity that calls, ready to associate over one transport.
#[derive(Clone)]
pub struct Initiator {
    context: ClientContext,
    own: EntityName,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Initiator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Initiator").field("own", &self.own).finish_non_exhaustive()
    }
}

/// One call: the offer, and what became of it.
struct Call {
    offer: Arc<dyn Offer>,
    own: EntityName,
    now: UnixTime,
    refusal: Mutex<Option<AssociationError>>,
}

impl PskOffer for Call {
    fn offer(&self, hint: Option<&str>) -> Option<PskOffered> {
        match self.offer.offer(&self.own, hint, self.now) {
            Ok(Offered { identity, key, peer }) => {
                Some(PskOffered { identity, answer: PskAnswer { key, note: Some(Arc::new(peer)) } })
            }
            Err(error) => {
                *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                None
            }
        }
    }
}

impl Initiator {
    /// For the entity `own`, absolute.
    ///
    /// # Errors
    /// [`AssociationError::Configuration`], [`AssociationError::Tls`].
    pub fn new(
        transport: Transport,
        suites: PskSuites,
        own: EntityName,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AssociationError> {
        if !own.is_absolute() {
            return Err(AssociationError::Configuration("an entity is given in absolute form"));
        }
        Ok(Self { context: ClientContext::psk(transport, suites)?, own, clock })
    }

    /// Associates over a TCP connection with the entity that `offer` names, which answers to `server` (SNI).
    ///
    /// # Errors
    /// What this side refused, or [`AssociationError::Tls`].
    pub fn connect(
        &self,
        tcp: TcpStream,
        server: &Fqdn,
        offer: Arc<dyn Offer>,
        patience: Duration,
    ) -> Result<SecurityAssociation<TlsStream>, AssociationError> {
        let call = self.call(offer);
        let offer: Arc<dyn PskOffer> = call.clone();
        self.end(&call, self.context.connect(tcp, server, Some(offer), patience))
    }

    /// Associates over a UDP socket that is connected to the peer.
    ///
    /// # Errors
    /// As [`connect`](Self::connect); a refusal by the peer is [`TlsError::TimedOut`].
    pub fn connect_datagrams(
        &self,
        socket: UdpSocket,
        server: &Fqdn,
        offer: Arc<dyn Offer>,
        patience: Duration,
    ) -> Result<SecurityAssociation<DtlsStream>, AssociationError> {
        let call = self.call(offer);
        let offer: Arc<dyn PskOffer> = call.clone();
        self.end(&call, DtlsStream::connect(&self.context, socket, server, Some(offer), patience))
    }

    /// An object for one connection, for I/O of the caller's own: then [`Session::of`] and
    /// [`peer`](Self::peer).
    ///
    /// # Errors
    /// [`AssociationError::Tls`].
    pub fn connection(&self, server: &Fqdn, offer: Arc<dyn Offer>) -> Result<Ssl, AssociationError> {
        Ok(self.context.connection(server, Some(self.call(offer)))?)
    }

    /// The peer of a session that this initiator has begun.
    ///
    /// # Errors
    /// [`AssociationError::Tls`] if the session is another's.
    pub fn peer(&self, session: &Session) -> Result<Peer, AssociationError> {
        let peer = session.note::<Peer>().ok_or(TlsError::NotAuthenticated)?;
        Ok((*peer).clone())
    }

    fn call(&self, offer: Arc<dyn Offer>) -> Arc<Call> {
        Arc::new(Call { offer, own: self.own.clone(), now: self.clock.now(), refusal: Mutex::default() })
    }

    fn end<T: Stream>(
        &self,
        call: &Call,
        stream: Result<T, TlsError>,
    ) -> Result<SecurityAssociation<T>, AssociationError> {
        let stream = stream.map_err(|error| {
            let refusal = call.refusal.lock().unwrap_or_else(PoisonError::into_inner).take();
            refusal.unwrap_or(AssociationError::Tls(error))
        })?;
        let peer = self.peer(stream.session())?;
        Ok(SecurityAssociation::new(stream, peer, Arc::clone(&self.clock)))
    }
}
