//! `ibc associate`: a security association with another entity, and the terminal at either end of it.

mod keys;
mod talk;

use super::{Address, address};
use crate::association::{AssociationError, Framework, Initiator, Offer, Responder, SecurityAssociation};
use crate::cli::Outcome;
use crate::cli::failure::{Failure, Kind};
use crate::cli::options;
use crate::cli::report::Report;
use crate::client::DeviceStore;
use crate::clock::SystemClock;
use crate::derive::EnrolmentTarget;
use crate::tls::{HandshakeLimits, PskSuites, Session, TlsError, Transport};
use clap::{Args, ValueEnum};
use core::time::Duration;
use eccsi_sakke::onem2m::{
    CredentialId, EntityId, EntityKind, EntityName, ExpirationTime, Fqdn, KeyIdentifier, KmId, KpsaId,
};
use serde_json::json;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use talk::Talk;

/// How long a listener waits at a time before it looks around.
const LOOK: Duration = Duration::from_secs(1);

/// Associate with another entity, send standard input to it and print what comes
///
/// One end listens, the other connects; after the handshake each knows the CSE-ID or AE-ID of the other, which is told on
/// standard error. Then bytes flow both ways, as with `openssl s_client`. Three ways to a common key:
///
/// --by psk: a key (Kpsa) that somebody configured at both ends, under its KpsaID: --psa-id and --psa-file.
/// --by maf: a key that the end that connects has registered at a MAF for the other (`ibc key register --suid 32`), and that
/// the end that listens retrieves there, during the handshake. --by mef is the same with a MEF (`--suid 22`).
/// --by ibc: no key in common: each end derives it from its own credential (`ibc enrol --store`) and what the other sends.
///
/// The end that connects says which way, or leaves it out where its store has only one. The end that listens serves each way
/// that it has something for. An end that is refused is told nothing but "bad record mac" (or, with --dtls, nothing at all);
/// the reason stands on standard error of the end that refused.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples, a sensor that associates with a gateway by a key from a MAF:\n  ibc associate --listen 0.0.0.0:7000 --as //sp.example.com/CSE1 --peer //sp.example.com/CSE1/C7 --store gateway --maf maf.example.com\n  echo 21.5 | ibc associate --connect gateway.example.com:7000 --as //sp.example.com/CSE1/C7 --peer //sp.example.com/CSE1 --store sensor --by maf\n\nBy their credentials, over DTLS:\n  ibc associate --listen 0.0.0.0:7000 --dtls --as //sp.example.com/CSE1 --peer //sp.example.com/CSE1/C7 --store gateway\n  echo 21.5 | ibc associate --connect gateway.example.com:7000 --dtls --as //sp.example.com/CSE1/C7 --peer //sp.example.com/CSE1 --store sensor --by ibc\n\nThe end that connects closes the association a moment after the end of its standard input, and both end with status 0."
)]
pub(in crate::cli) struct Associate {
    /// Wait here for the other end, and serve the first that is accepted
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        required_unless_present = "connect",
        conflicts_with = "connect"
    )]
    listen: Option<String>,
    /// Call the other end here
    #[arg(long, value_name = "HOST:PORT")]
    connect: Option<String>,
    /// Over DTLS (UDP) in place of TLS (TCP)
    #[arg(long)]
    dtls: bool,
    /// This entity: its CSE-ID or AE-ID, //PROVIDER/…
    #[arg(long = "as", value_name = "ID", value_parser = EntityName::parse)]
    entity: EntityName,
    /// The entity at the other end; nobody else is accepted
    #[arg(long, value_name = "ID", value_parser = EntityName::parse)]
    peer: EntityName,
    /// The device's folder: its credential, and the keys it has registered; at a listener the key to ask the MAF with
    #[arg(long, value_name = "FOLDER")]
    store: Option<PathBuf>,
    /// The way to the common key
    #[arg(long, value_enum, conflicts_with = "listen")]
    by: Option<By>,
    /// The name of the end that listens, which the other asks for (SNI); without it it is made of its CSE-ID or AE-ID
    #[arg(long, value_name = "FQDN", value_parser = Fqdn::parse)]
    name: Option<Fqdn>,
    /// psk: the name of the key (KpsaID)
    #[arg(long, value_name = "NAME@FQDN", value_parser = KpsaId::parse, requires = "psa_file")]
    psa_id: Option<KpsaId>,
    /// psk: file of mode 0600 with the key, 16 to 64 octets, in hexadecimal or as it is
    #[arg(long, value_name = "FILE", requires = "psa_id")]
    psa_file: Option<PathBuf>,
    /// maf, mef: the key to associate with, by its identifier; without it the one in the store that lasts longest
    #[arg(long, value_name = "KEY", value_parser = KeyIdentifier::parse, requires = "connect")]
    key: Option<KeyIdentifier>,
    /// maf, mef: the file that `ibc key register --out` wrote, in place of the store
    #[arg(long, value_name = "FILE", requires = "connect", conflicts_with = "key")]
    key_file: Option<PathBuf>,
    /// maf: the MAF from which the listener retrieves keys, and from no other
    #[arg(long, value_name = "FQDN[:PORT]", value_parser = address, requires = "listen")]
    maf: Option<Address>,
    /// mef: the MEF, likewise
    #[arg(long, value_name = "FQDN[:PORT]", value_parser = address, requires = "listen")]
    mef: Option<Address>,
    /// Where MAF and MEF are, if their FQDNs do not lead there
    #[arg(long, value_name = "HOST:PORT", requires = "listen")]
    function: Option<String>,
    /// The key of the listener at MAF or MEF: its identity, if the store has none
    #[arg(long, value_name = "IDENTITY", requires_all = ["psk_file", "listen"])]
    psk_identity: Option<String>,
    /// File of mode 0600 with that key
    #[arg(long, value_name = "FILE", requires = "psk_identity")]
    psk_file: Option<PathBuf>,
    /// maf: which entity stands behind a KmID, where the MAF names no other; may be given again
    #[arg(long, value_name = "KMID=ID", value_parser = origin, requires = "maf")]
    origin: Vec<(CredentialId, EntityName)>,
    /// ibc: public key files of other KMSs whose credentials are accepted, besides the KPAKs in the store
    #[arg(long, value_name = "FILE")]
    kpak: Vec<PathBuf>,
    /// Wait so long for connection and handshake
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = options::duration)]
    timeout: Duration,
    /// After the end of standard input, wait so long for what still comes before closing
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = options::duration, requires = "connect")]
    linger: Duration,
}

/// The way to the common key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    Psk,
    Maf,
    Mef,
    Ibc,
}

fn origin(text: &str) -> Result<(CredentialId, EntityName), String> {
    let (credential, entity) = text.split_once('=').ok_or("a KmID, =, and a CSE-ID or AE-ID")?;
    let credential = match KmId::parse(credential) {
        Ok(km_id) => CredentialId::from(&km_id),
        Err(_) => CredentialId::parse(credential).map_err(|error| format!("{credential}: {error}"))?,
    };
    let entity = EntityName::parse(entity).map_err(|error| format!("{entity}: {error}"))?;
    if entity.is_absolute() {
        Ok((credential, entity))
    } else {
        Err("give the entity as //PROVIDER/…".into())
    }
}

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
        match (&self.listen, &self.connect) {
            (Some(listen), _) => self.listen(listen, json),
            (None, Some(connect)) => self.connect(connect, json),
            (None, None) => Err(Failure::usage("give --listen or --connect")),
        }
    }

    /// The device's folder, read and not held: while an association lasts others may change it.
    fn store(&self) -> Result<Option<DeviceStore>, Failure> {
        let open = |folder: &PathBuf| {
            let mut store = DeviceStore::open_within(folder, super::PATIENCE)?;
            store.release();
            Ok::<_, Failure>(store)
        };
        self.store.as_ref().map(open).transpose()
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
        let name = self.server_name(&self.peer)?;
        let offer = self.offer()?;
        let addresses = connect.to_socket_addrs();
        let addresses = addresses.map_err(|error| unreachable(connect, &error))?;
        let address = addresses.into_iter().next();
        let address =
            address.ok_or_else(|| unreachable(connect, &io::Error::other("the name has no address")))?;
        let transport = if self.dtls { Transport::Dtls } else { Transport::Tls };
        let initiator =
            Initiator::new(transport, PskSuites::default(), self.entity.clone(), Arc::new(SystemClock));
        let initiator = initiator.map_err(|error| failed(&error))?;
        if self.dtls {
            let socket = udp(&address).map_err(|error| unreachable(connect, &error))?;
            let association = initiator.connect_datagrams(socket, &name, offer, self.timeout);
            self.talk(association.map_err(|error| self.not_associated(connect, &error))?, json)
        } else {
            let tcp = TcpStream::connect_timeout(&address, self.timeout);
            let tcp = tcp.map_err(|error| unreachable(connect, &error))?;
            let association = initiator.connect(tcp, &name, offer, self.timeout);
            self.talk(association.map_err(|error| self.not_associated(connect, &error))?, json)
        }
    }

    fn listen(&self, listen: &str, json: bool) -> Outcome {
        let unusable = |error: &io::Error| {
            Failure::refused(Kind::Unavailable, format!("cannot listen at {listen}: {error}"))
        };
        let name = self.server_name(&self.entity)?;
        let responder = self.responder()?.on_refusal(refused);
        if self.dtls {
            let socket = UdpSocket::bind(listen).map_err(|error| unusable(&error))?;
            let responder = responder.dtls([name], PskSuites::default(), socket, HandshakeLimits::default());
            let responder = responder.map_err(|error| failed(&error))?;
            listening(responder.local_addr().map_err(|error| unusable(&error))?, json)?;
            loop {
                let pending = responder.accept(LOOK).map_err(|error| failed(&error))?;
                let Some(pending) = pending else { continue };
                match pending.associate(self.timeout) {
                    Ok(association) => return self.talk(association, json),
                    Err(error) => not_accepted(&error),
                }
            }
        }
        let listener = TcpListener::bind(listen).map_err(|error| unusable(&error))?;
        let responder = responder.tls([name], PskSuites::default()).map_err(|error| failed(&error))?;
        listening(listener.local_addr().map_err(|error| unusable(&error))?, json)?;
        loop {
            let (tcp, _) = listener.accept().map_err(|error| unusable(&error))?;
            match responder.accept(tcp, self.timeout) {
                Ok(association) => return self.talk(association, json),
                Err(error) => not_accepted(&error),
            }
        }
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
        let (sent, received) = association.talk(linger, !json).map_err(|error| {
            Failure::refused(Kind::Unavailable, format!("the association ended: {error}"))
        })?;
        writeln!(io::stderr(), "closed: {sent} octets sent, {received} received")?;
        Ok(Report::silent(&json!({
            "peer": peer.entity.as_str(), "framework": word(peer.framework), "suite": suite,
            "psk_identity": identity, "until": until.map(|end| format!("{end}")),
            "sent": sent, "received": received,
        })))
    }

    /// Why the other end was not reached or did not accept, in order of likelihood.
    fn not_associated(&self, connect: &str, error: &AssociationError) -> Failure {
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
            error => failed(error),
        }
    }

    fn offer(&self) -> Result<Arc<dyn Offer>, Failure> {
        keys::offer(self)
    }

    fn responder(&self) -> Result<Responder, Failure> {
        keys::responder(self)
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
fn refused(identity: &str, error: &AssociationError) {
    let shown: String =
        identity.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(250).collect();
    let _ = writeln!(io::stderr(), "refused {shown}: {error}");
}

fn not_accepted(error: &AssociationError) {
    let _ = writeln!(io::stderr(), "a handshake failed: {error}; still listening");
}

fn unreachable(address: &str, error: &io::Error) -> Failure {
    let message = format!("no connection to {address}: {error}; is the other end listening there?");
    Failure::refused(Kind::Unavailable, message)
}

fn failed(error: &AssociationError) -> Failure {
    let (kind, advice) = match error {
        AssociationError::Expired => (Kind::Key, ": register another with ibc key register"),
        AssociationError::WrongUsage => (Kind::Key, ": an association takes SUID 32 of a MAF or 22 of a MEF"),
        AssociationError::Saef(_) | AssociationError::Identifier(_) => {
            (Kind::Identity, ": compare --as, --peer and the credential of the store (ibc credential show)")
        }
        AssociationError::UnknownIdentity => {
            (Kind::Refused, ": the other end serves no IBC credential; give another --by")
        }
        _ => (Kind::Refused, ""),
    };
    Failure::refused(kind, format!("{error}{advice}"))
}
