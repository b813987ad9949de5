//! `ibc associate`: a security association with another entity, and the terminal at either end of it.

mod accepts;
pub(super) mod arguments;
mod first;
mod keys;
mod talk;

use crate::association::{AssociationError, Framework, Initiator, Offer, SecurityAssociation};
use crate::cli::Outcome;
use crate::cli::client::block_on;
use crate::cli::failure::{Failure, Kind};
use crate::cli::report::Report;
use crate::client::reach::reach;
use crate::clock::SystemClock;
use crate::derive::EnrolmentTarget;
use crate::tls::{DtlsStream, HandshakeLimits, PskSuites, Session, TlsError, Transport};
use accepts::Accepts;
use arguments::{Associate, failed};
use core::time::Duration;
use eccsi_sakke::onem2m::{EntityId, EntityKind, EntityName, ExpirationTime, Fqdn};
use serde_json::json;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::sync::Arc;
use std::time::Instant;
use talk::{Talk, Talked};

/// Before another attempt to connect.
const AGAIN: Duration = Duration::from_millis(100);

impl Associate {
    pub(in crate::cli) fn run(self, json: bool) -> Outcome {
        for (option, entity) in [("--as", &self.entity), ("--peer", &self.peer)] {
            if !entity.is_absolute() {
                let message = format!("{option} {entity}: give the absolute form, //PROVIDER{entity}");
                return Err(Failure::usage(message));
            }
        }
        if self.entity == self.peer {
            return Err(Failure::usage("--as and --peer are the same entity"));
        }
        if self.maf.is_some() && self.mef.is_some() {
            return Err(Failure::usage(
                "--maf and --mef: --function, --psk-identity and --psk-file are those of one of them, so give one; for keys of \
                 both, let two listen",
            ));
        }
        match (&self.listen, &self.connect) {
            (Some(listen), _) => self.listen(listen, json),
            (None, Some(connect)) => self.connect(connect, json),
            (None, None) => Err(Failure::usage(
                "one end waits, with --listen ADDRESS:PORT, and the other calls it, with --connect HOST:PORT",
            )),
        }
    }

    /// The name of the entity that listens.
    fn server_name(&self, entity: &EntityName) -> Result<Fqdn, Failure> {
        if let Some(name) = &self.name {
            return Ok(name.clone());
        }
        let kind = entity.kind().unwrap_or(EntityKind::Ae);
        let made = EntityId::new(kind, entity.clone()).ok().and_then(|id| EnrolmentTarget::entity(&id));
        made.and_then(|made| Fqdn::parse(made.as_str()).ok()).ok_or_else(|| {
            Failure::usage(format!("no name can be made of {entity}: give --name FQDN at both ends"))
        })
    }

    fn connect(&self, connect: &str, json: bool) -> Outcome {
        let until = Instant::now().checked_add(self.wait.unwrap_or_default());
        let until = until.ok_or_else(|| Failure::usage("--wait is longer than the clock goes"))?;
        let name = self.server_name(&self.peer)?;
        let accepts = Accepts::of(self)?;
        let offer = keys::offer(self, &accepts)?;
        let transport = if self.dtls { Transport::Dtls } else { Transport::Tls };
        let initiator =
            Initiator::new(transport, PskSuites::default(), self.entity.clone(), Arc::new(SystemClock));
        let initiator = initiator.map_err(|error| failed(&error))?;
        if self.dtls {
            let association = self.by_datagrams(connect, &initiator, (&name, &offer));
            self.talk(association.map_err(|error| self.not_associated(connect, &accepts, &error))?, json)
        } else {
            let tcp = self.reach(connect, until)?;
            let association = initiator.connect(tcp, &name, offer, self.timeout);
            self.talk(association.map_err(|error| self.not_associated(connect, &accepts, &error))?, json)
        }
    }

    /// Connects; while nobody listens, again and again for as long as was said.
    fn reach(&self, connect: &str, until: Instant) -> Result<TcpStream, Failure> {
        block_on(async {
            loop {
                match reach(connect, self.timeout).await {
                    Err(error)
                        if error.kind() == io::ErrorKind::ConnectionRefused && Instant::now() < until =>
                    {
                        tokio::time::sleep(AGAIN).await;
                    }
                    outcome => {
                        let tcp = outcome.and_then(tokio::net::TcpStream::into_std);
                        return tcp.map_err(|error| unreachable(connect, &error));
                    }
                }
            }
        })
    }

    /// Does the handshake with the addresses of the name in turn: that nobody is at one of them, only silence tells.
    fn by_datagrams(
        &self,
        connect: &str,
        initiator: &Initiator,
        (name, offer): (&Fqdn, &Arc<dyn Offer>),
    ) -> Result<SecurityAssociation<DtlsStream>, AssociationError> {
        let io = |error: io::Error| AssociationError::Tls(TlsError::Io(error));
        let began = Instant::now();
        let addresses: Vec<_> = connect.to_socket_addrs().map_err(io)?.collect();
        let mut failure = io(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        for (address, still) in addresses.iter().zip((1..=addresses.len()).rev()) {
            let left = self.timeout.saturating_sub(began.elapsed());
            let part = left / u32::try_from(still).unwrap_or(u32::MAX);
            let association = udp(address)
                .map_err(io)
                .and_then(|socket| initiator.connect_datagrams(socket, name, Arc::clone(offer), part));
            match association {
                Err(error @ AssociationError::Tls(TlsError::TimedOut | TlsError::Io(_))) => failure = error,
                outcome => return outcome,
            }
        }
        Err(failure)
    }

    fn listen(&self, listen: &str, json: bool) -> Outcome {
        let unusable = |error: &io::Error| {
            Failure::refused(Kind::Unavailable, format!("cannot listen at {listen}: {error}"))
        };
        let name = self.server_name(&self.entity)?;
        let accepts = Accepts::of(self)?;
        let responder = keys::responder(self, &accepts)?;
        let responder = responder.on_refusal(move |identity, error| refused(identity, &accepts, error));
        if self.dtls {
            let socket = UdpSocket::bind(listen).map_err(|error| unusable(&error))?;
            let responder = responder.dtls([name], PskSuites::default(), socket, HandshakeLimits::default());
            let responder = responder.map_err(|error| failed(&error))?;
            listening(responder.local_addr().map_err(|error| unusable(&error))?, json)?;
            return self.talk(first::of_datagrams(responder, self.timeout)?, json);
        }
        let listener = TcpListener::bind(listen).map_err(|error| unusable(&error))?;
        let responder = responder.tls([name], PskSuites::default()).map_err(|error| failed(&error))?;
        listening(listener.local_addr().map_err(|error| unusable(&error))?, json)?;
        self.talk(first::of_connections(listener, &responder, self.timeout)?, json)
    }

    /// Tells who is there, lets both ends speak, and tells how much.
    fn talk<T>(&self, association: SecurityAssociation<T>, json: bool) -> Outcome
    where
        SecurityAssociation<T>: Talk,
    {
        let peer = association.peer().clone();
        let session: &Session = association.about();
        let until = peer.ends.and_then(|end| ExpirationTime::from_unix(end).ok());
        let until_text =
            until.map_or_else(|| String::from("its key has no end"), |end| format!("until {end}"));
        let suite = session.suite();
        let identity = session.psk_identity().unwrap_or_default().to_owned();
        writeln!(
            io::stderr(),
            "associated with {} by {}, {until_text}\n  suite {suite}\n  PSK identity {identity}",
            peer.entity,
            peer.framework
        )?;
        let linger = self.connect.is_some().then_some(self.linger);
        let Talked { sent, received, end } = association.talk(linger, !json);
        end.map_err(|broken| broken.failure(sent, received))?;
        writeln!(io::stderr(), "closed: {sent} octets sent, {received} received")?;
        Ok(Report::silent(&json!({
            "peer": peer.entity.as_str(), "framework": word(peer.framework), "suite": suite,
            "psk_identity": identity, "until": until.map(|end| format!("{end}")),
            "sent": sent, "received": received,
        })))
    }

    /// Why the other end was not reached or did not accept, in order of likelihood.
    fn not_associated(&self, connect: &str, accepts: &Accepts, error: &AssociationError) -> Failure {
        if let Some(failure) = accepts.failure() {
            return failure;
        }
        match error {
            AssociationError::Tls(TlsError::Handshake(what)) => Failure::refused(
                Kind::Refused,
                format!(
                    "{connect} does not accept: {what}; the other end says why: it does not expect {} (its --peer), the key has \
                     ended or is not the one it has, or it does not serve this way",
                    self.entity
                ),
            ),
            AssociationError::Tls(TlsError::TimedOut) if self.dtls => Failure::refused(
                Kind::Unavailable,
                format!(
                    "no answer from {connect} in {} seconds: nobody listens there with --dtls, or the other end refuses, and \
                     says why",
                    self.timeout.as_secs()
                ),
            ),
            AssociationError::Tls(TlsError::Io(error)) if self.dtls => unreachable(connect, error),
            error => failed(error),
        }
    }
}

const fn word(framework: Framework) -> &'static str {
    match framework {
        Framework::Psk => "psk",
        Framework::Maf => "maf",
        Framework::Mef => "mef",
        Framework::Ibc => "ibc",
        Framework::EccsiTls => "eccsi-tls",
    }
}

fn udp(address: &SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = if address.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.connect(address)?;
    Ok(socket)
}

fn listening(at: SocketAddr, json: bool) -> Result<(), Failure> {
    if json {
        writeln!(io::stderr(), "{}", json!({"listening": format!("{at}")}))?
    } else {
        writeln!(io::stderr(), "listening at {at}")?;
    }
    Ok(())
}

/// Called in a handshake. If standard error is closed, nobody wants to know.
fn refused(identity: &str, accepts: &Accepts, error: &AssociationError) {
    let shown: String =
        identity.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(250).collect();
    let _ = match accepts.failure() {
        Some(failure) => writeln!(io::stderr(), "refused {shown}: {failure}"),
        None => writeln!(io::stderr(), "refused {shown}: {error}"),
    };
}

fn unreachable(address: &str, error: &io::Error) -> Failure {
    let message = format!("no connection to {address}: {error}; is the other end listening there?");
    Failure::refused(Kind::Unavailable, message)
}
