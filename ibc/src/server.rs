//! MEF, MAF and publication of the KMS over HTTP/1.1 on TLS 1.2: one port, pre-shared keys and certificates.
//!
//! | part | what |
//! |---|---|
//! | here | what a server is made of: [`Server::bind`], [`Server::run`] |
//! | [`Limits`] | sizes, times and numbers, each with its default |
//! | [`Monitor`] | metrics and health, on a port of their own |
//! | `connection` (private) | one connection, from accept to close |
//! | `identify` (private) | who is there: keys for handshakes, certificates, the session |
//! | `binding` (private) | HTTP messages to and from primitives (TS-0009) |
//!
//! A request takes one way: address and rate, handshake, head, body, primitive,
//! [`Endpoint::perform`](crate::service::dispatch::Endpoint::perform), answer. What is cheap is checked first.
//!
//! The server that a client names (SNI) decides whether it speaks to the MEF or the MAF; `Host` has to name the same
//! one. Requests of a connection are answered in order, and a session is one connection: HTTP/2 and resumption would
//! loosen what an exported key is bound to. A handshake waits on its thread for the database, so that the runtime has
//! to be one of several threads.

mod binding;
mod connection;
mod identify;
mod limits;
mod monitor;
#[cfg(feature = "__backends")]
#[doc(hidden)]
pub mod probe;
mod rates;

pub use limits::Limits;
pub use monitor::{Metrics, Monitor};
/// The crate in whose registry [`Metrics::register`] puts what is counted, in the version that it takes.
pub use prometheus_client;

use crate::service::budgets;
use crate::service::dispatch::Endpoint;
use crate::service::maf::Maf;
use crate::service::mef::Mef;
use crate::tls::{HandshakeLimiter, OwnCertificate, ServerContext, TlsError, TrustedCertificates};
use core::fmt;
use core::future::Future;
use identify::Resolver;
use rates::Rates;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::vec::Vec;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Why a server does not start.
#[derive(Debug)]
pub enum ServerError {
    /// The address cannot be listened on.
    Listen(SocketAddr, io::Error),
    /// Names, certificates or suites cannot be used.
    Tls(TlsError),
    /// Neither a MEF nor a MAF, or both under one name.
    Functions(&'static str),
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen(address, error) => write!(f, "cannot listen on {address}: {error}"),
            Self::Tls(error) => write!(f, "{error}"),
            Self::Functions(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ServerError {}

impl From<TlsError> for ServerError {
    fn from(error: TlsError) -> Self {
        Self::Tls(error)
    }
}

/// What a server serves, and how.
pub struct ServerOptions {
    /// The MEF, if this is one.
    pub mef: Option<Mef>,
    /// The MAF, if this is one; under another name than the MEF.
    pub maf: Option<Maf>,
    /// The server's certificate, with the anchors of clients' certificates. Certificates that an administrator has bound
    /// are accepted without an anchor. `None`: pre-shared keys only.
    pub certificate: Option<(OwnCertificate, TrustedCertificates)>,
    /// Sizes, times and numbers.
    pub limits: Limits,
    /// Where it counts.
    pub metrics: Arc<Metrics>,
}

crate::redacted::redacted_debug!(ServerOptions);

impl ServerOptions {
    /// A MEF for clients with pre-shared keys, with the usual [`Limits`] and metrics of its own. What is to be otherwise
    /// is set in its field.
    pub fn of_mef(mef: Mef) -> Self {
        Self { mef: Some(mef), ..Self::of_nothing() }
    }

    /// The same for a MAF.
    pub fn of_maf(maf: Maf) -> Self {
        Self { maf: Some(maf), ..Self::of_nothing() }
    }

    fn of_nothing() -> Self {
        Self { mef: None, maf: None, certificate: None, limits: Limits::default(), metrics: Arc::default() }
    }
}

/// What connections share. One that has begun keeps what held when it came.
struct Shared {
    endpoints: Vec<Endpoint>,
    tls: ServerContext,
    limits: Limits,
    handshakes: Arc<HandshakeLimiter>,
    rates: Arc<Rates>,
    metrics: Arc<Metrics>,
}

impl Shared {
    fn tls(endpoints: &[Endpoint], certificate: Certificate) -> Result<ServerContext, TlsError> {
        let names: Vec<_> = endpoints.iter().map(|endpoint| endpoint.fqdn().clone()).collect();
        let resolver = Arc::new(Resolver::new(endpoints.to_vec()));
        let mut builder = ServerContext::tls(names).psk(resolver.clone());
        if let Some((own, anchors)) = certificate {
            let pinned = Arc::new(move |sha_256: &[u8; 32]| resolver.is_bound(sha_256));
            builder = builder.certificates(own, anchors.or_pinned(pinned));
        }
        builder.build()
    }
}

/// The server's certificate, and the anchors of clients'.
type Certificate = Option<(OwnCertificate, TrustedCertificates)>;

/// Changes a server while it runs.
#[derive(Clone)]
pub struct Reload(Arc<RwLock<Arc<Shared>>>);

impl fmt::Debug for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reload").finish_non_exhaustive()
    }
}

impl Reload {
    /// Serves connections that come from now on with another certificate, other anchors and other limits. Those that
    /// have begun go on as they are; sessions and rates that were counted stay counted.
    ///
    /// # Errors
    /// [`TlsError`] for a certificate that cannot be used: nothing is changed then.
    pub fn reload(
        &self,
        certificate: Option<(OwnCertificate, TrustedCertificates)>,
        limits: Limits,
    ) -> Result<(), ServerError> {
        let before = current(&self.0);
        let tls = Shared::tls(&before.endpoints, certificate)?;
        before.rates.set(&limits);
        before.handshakes.set(limits.handshakes());
        let shared = Shared {
            endpoints: before.endpoints.clone(),
            tls,
            limits,
            handshakes: Arc::clone(&before.handshakes),
            rates: Arc::clone(&before.rates),
            metrics: Arc::clone(&before.metrics),
        };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(shared);
        Ok(())
    }
}

fn current(shared: &RwLock<Arc<Shared>>) -> Arc<Shared> {
    Arc::clone(&shared.read().unwrap_or_else(PoisonError::into_inner))
}

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    shared: Arc<RwLock<Arc<Shared>>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("listener", &self.listener).finish_non_exhaustive()
    }
}

impl Server {
    /// Listens; nobody is answered before [`run`](Self::run).
    ///
    /// # Errors
    /// [`ServerError`].
    pub async fn bind(address: SocketAddr, options: ServerOptions) -> Result<Self, ServerError> {
        let ServerOptions { mef, maf, certificate, limits, metrics } = options;
        let endpoints: Vec<_> = mef.map(Endpoint::Mef).into_iter().chain(maf.map(Endpoint::Maf)).collect();
        match &endpoints[..] {
            [] => return Err(ServerError::Functions("neither a MEF nor a MAF")),
            [first, second] if first.fqdn() == second.fqdn() => {
                return Err(ServerError::Functions("MEF and MAF need names of their own"));
            }
            _ => {}
        }
        let listener =
            TcpListener::bind(address).await.map_err(|error| ServerError::Listen(address, error))?;
        let shared = Shared {
            tls: Shared::tls(&endpoints, certificate)?,
            endpoints,
            handshakes: HandshakeLimiter::new(limits.handshakes()),
            rates: Arc::new(Rates::new(&limits)),
            metrics,
            limits,
        };
        Ok(Self { listener, shared: Arc::new(RwLock::new(Arc::new(shared))) })
    }

    /// What changes it while it runs.
    pub fn reloading(&self) -> Reload {
        Reload(Arc::clone(&self.shared))
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Those of the system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is done. Then nobody new is accepted, requests that have begun are answered within
    /// [`Limits::grace`], and all else is closed.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let (stopping, stopped) = watch::channel(false);
        let mut connections = JoinSet::new();
        tokio::pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                accepted = self.listener.accept() => accepted,
                Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            };
            match accepted {
                Ok((tcp, address)) => {
                    while connections.try_join_next().is_some() {} // what has ended does not count
                    self.accept(tcp, address, &stopped, &mut connections);
                }
                Err(error) => {
                    // Too many open files, above all: others have to end before this can go on.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(limits::PAUSE).await;
                }
            }
        }
        let grace = current(&self.shared).limits.grace;
        drop(self.listener);
        let _ = stopping.send(true); // nobody left to hear it is as good
        let all = async { while connections.join_next().await.is_some() {} };
        if timeout(grace, all).await.is_err() {
            tracing::warn!("connections are cut that did not end in time");
        }
        connections.shutdown().await;
    }

    /// Starts a connection, unless there are too many.
    fn accept(
        &self,
        tcp: TcpStream,
        address: SocketAddr,
        stopped: &watch::Receiver<bool>,
        connections: &mut JoinSet<()>,
    ) {
        let shared = current(&self.shared);
        let metrics = &shared.metrics;
        if connections.len() >= shared.limits.connections {
            metrics.turned_away(&budgets::CONNECTIONS);
            return;
        }
        if !shared.rates.admit_address(address.ip()) {
            metrics.turned_away(&budgets::ADDRESS_RATE);
            return;
        }
        let (end, ended) = oneshot::channel();
        let make_room = move || {
            let _ = end.send(()); // nobody left to hear it is as good
        };
        let Some(permit) = shared.handshakes.admit_until(address.ip(), make_room) else {
            metrics.turned_away(&budgets::HANDSHAKES);
            return;
        };
        let stopped = stopped.clone();
        connections.spawn(async move {
            connection::serve(&shared, tcp, address, permit, ended, stopped).await;
        });
    }
}
