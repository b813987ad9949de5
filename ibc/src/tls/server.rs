//! The server's side.

use super::certificate::{OwnCertificate, TrustedCertificates};
use super::error::TlsError;
use super::openssl_ffi;
use super::psk::{self, PSK_IDENTITY_MAX, PskResolver};
use super::suites::{self, PskSuites, Transport};
use super::tcp::{TimedTcp, TlsStream};
use eccsi_sakke::onem2m::Fqdn;
use openssl::bn::BigNum;
use openssl::dh::Dh;
use openssl::pkey::Params;
use openssl::ssl::{
    NameType, SniError, Ssl, SslAlert, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslRef,
    SslSessionCacheMode, SslStream, SslVersion,
};
use std::ffi::CString;
use std::net::TcpStream;
use std::string::String;
use std::sync::Arc;
use std::time::Duration;
use std::vec::Vec;

/// Where a server's PSK identity hint comes from, for each connection anew.
type Hint = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// What a server accepts. Made by [`ServerContext::tls`] and [`ServerContext::dtls`].
pub struct ServerBuilder {
    transport: Transport,
    names: Vec<Fqdn>,
    resolver: Option<Arc<dyn PskResolver>>,
    suites: PskSuites,
    hint: Option<Hint>,
    certificates: Option<(OwnCertificate, TrustedCertificates)>,
}

impl std::fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerBuilder")
            .field("transport", &self.transport)
            .field("names", &self.names)
            .field("suites", &self.suites)
            .finish_non_exhaustive()
    }
}

impl ServerBuilder {
    /// Accepts pre-shared keys that `resolver` knows.
    pub fn psk(self, resolver: Arc<dyn PskResolver>) -> Self {
        Self { resolver: Some(resolver), ..self }
    }

    /// Offers these PSK suites instead of [`PskSuites::ForwardSecretFirst`].
    pub fn suites(self, suites: PskSuites) -> Self {
        Self { suites, ..self }
    }

    /// Sends this PSK identity hint, at most 255 octets.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        self.hint_from(move || Some(hint.clone()))
    }

    /// Asks for the PSK identity hint of each connection: it may change while the server runs.
    pub fn hint_from(self, hint: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        Self { hint: Some(Arc::new(hint)), ..self }
    }

    /// Also accepts clients with a certificate, on the same port; over TLS only.
    pub fn certificates(self, own: OwnCertificate, clients: TrustedCertificates) -> Self {
        Self { certificates: Some((own, clients)), ..self }
    }

    /// Makes the context.
    ///
    /// # Errors
    /// [`TlsError::Configuration`], [`TlsError::Setup`], [`TlsError::Rng`].
    pub fn build(self) -> Result<ServerContext, TlsError> {
        if self.names.is_empty() {
            return Err(TlsError::Configuration("a server has at least one name"));
        }
        let mut context = base(self.transport)?;
        context.set_options(SslOptions::CIPHER_SERVER_PREFERENCE);
        context.set_session_id_context(b"eccsi-sakke")?;
        let mut list = String::new();
        if let Some(resolver) = self.resolver {
            list += self.suites.list(self.transport);
            psk::serve(&mut context, resolver)?;
        }
        if self.suites == PskSuites::DheFirst {
            let group = dh_group()?;
            context.set_tmp_dh(&group)?;
        }
        match (&self.certificates, self.transport) {
            (None, Transport::Tls) => {}
            // Nothing but PSK suites here: security level 0 lets in what the others would not need, the
            // eight-octet tag of the mandatory suite, and no weak certificate along with it.
            (None, Transport::Dtls) => context.set_security_level(0),
            (Some(_), Transport::Dtls) => {
                return Err(TlsError::Configuration(
                    "certificates are for TLS; DTLS has pre-shared keys only",
                ));
            }
            (Some((own, clients)), Transport::Tls) => {
                if !list.is_empty() {
                    list += ":";
                }
                list += suites::CERTIFICATE;
                own.install(&mut context)?;
                clients.demand(&mut context)?;
            }
        }
        if list.is_empty() {
            return Err(TlsError::Configuration("a server accepts pre-shared keys or certificates"));
        }
        context.set_cipher_list(&list)?;
        demand_server_name(&mut context, self.names);
        if self.transport == Transport::Dtls {
            super::dtls::cookies(&mut context)?;
        }
        let context = ServerContext { context: context.build(), transport: self.transport, hint: self.hint };
        context.current_hint()?; // a hint that cannot be sent shows now
        Ok(context)
    }
}

/// SSL_OP_CLEANSE_PLAINTEXT of OpenSSL 3, which the crate does not name: what was received is wiped from the buffer
/// of the connection once it has been read. Bodies hold keys.
const CLEANSE_PLAINTEXT: SslOptions = SslOptions::from_bits_retain(1 << 1);

/// What all contexts have in common: (D)TLS 1.2 and nothing else, no renegotiation, no resumption, no
/// compression. (Early data exist in TLS 1.3 only.)
///
/// A session that cannot be resumed does not outlive the key that made it.
pub(super) fn base(transport: Transport) -> Result<SslContextBuilder, TlsError> {
    let (method, version) = match transport {
        Transport::Tls => (SslMethod::tls(), SslVersion::TLS1_2),
        Transport::Dtls => (SslMethod::dtls(), SslVersion::DTLS1_2),
    };
    let mut context = SslContext::builder(method)?;
    context.set_min_proto_version(Some(version))?;
    context.set_max_proto_version(Some(version))?;
    context.set_options(
        SslOptions::NO_RENEGOTIATION
            | SslOptions::NO_TICKET
            | SslOptions::NO_COMPRESSION
            | SslOptions::NO_QUERY_MTU,
    );
    context.set_options(CLEANSE_PLAINTEXT);
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    // A write that timed out may be tried again from another place in memory.
    context.set_mode(SslMode::ACCEPT_MOVING_WRITE_BUFFER | SslMode::ENABLE_PARTIAL_WRITE);
    Ok(context)
}

/// The group of DHE_PSK: number 14 of RFC 3526, 2048 bits. Left to choose, OpenSSL takes 1024 bits at security
/// level 0.
fn dh_group() -> Result<Dh<Params>, TlsError> {
    Ok(Dh::from_pqg(BigNum::get_rfc3526_prime_2048()?, None, BigNum::from_u32(2)?)?)
}

/// Refuses clients that name no server or another one, with the alert unrecognized_name.
fn demand_server_name(context: &mut SslContextBuilder, names: Vec<Fqdn>) {
    context.set_servername_callback(move |ssl: &mut SslRef, alert: &mut SslAlert| {
        let named = ssl.servername(NameType::HOST_NAME);
        if named.is_some_and(|named| names.iter().any(|name| name.as_str().eq_ignore_ascii_case(named))) {
            return Ok(());
        }
        *alert = SslAlert::UNRECOGNIZED_NAME;
        Err(SniError::ALERT_FATAL)
    });
}

/// What all connections of a server share. Cheap to clone.
#[derive(Clone)]
pub struct ServerContext {
    context: SslContext,
    transport: Transport,
    hint: Option<Hint>,
}

impl std::fmt::Debug for ServerContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerContext").field("transport", &self.transport).finish_non_exhaustive()
    }
}

impl ServerContext {
    /// A TLS 1.2 server that answers to these names.
    pub fn tls(names: impl IntoIterator<Item = Fqdn>) -> ServerBuilder {
        Self::builder(Transport::Tls, names)
    }

    /// A DTLS 1.2 server that answers to these names; serve it with a
    /// [`DtlsListener`](super::DtlsListener).
    pub fn dtls(names: impl IntoIterator<Item = Fqdn>) -> ServerBuilder {
        Self::builder(Transport::Dtls, names)
    }

    fn builder(transport: Transport, names: impl IntoIterator<Item = Fqdn>) -> ServerBuilder {
        ServerBuilder {
            transport,
            names: names.into_iter().collect(),
            resolver: None,
            suites: PskSuites::default(),
            hint: None,
            certificates: None,
        }
    }

    /// The transport.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// An object for one connection, for I/O of the caller's own, such as that of the crate
    /// `tokio-openssl`. After the handshake ask [`Session::of`](super::Session::of).
    ///
    /// # Errors
    /// [`TlsError::Setup`]; [`TlsError::Configuration`] for a hint that cannot be sent.
    pub fn connection(&self) -> Result<Ssl, TlsError> {
        let mut ssl = Ssl::new(&self.context)?;
        ssl.set_accept_state();
        if let Some(hint) = self.current_hint()? {
            openssl_ffi::set_psk_identity_hint(&mut ssl, &hint)?;
        }
        Ok(ssl)
    }

    /// The hint to send now.
    pub(super) fn current_hint(&self) -> Result<Option<CString>, TlsError> {
        let Some(hint) = self.hint.as_ref().and_then(|hint| hint()) else { return Ok(None) };
        if hint.len() > PSK_IDENTITY_MAX {
            return Err(TlsError::Configuration("a PSK identity hint has at most 255 octets"));
        }
        CString::new(hint).map(Some).map_err(|_| TlsError::Configuration("a PSK identity hint has no NUL"))
    }

    /// Does the handshake on an accepted connection; the whole of it has to end within `patience`.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn accept(&self, tcp: TcpStream, patience: Duration) -> Result<TlsStream, TlsError> {
        if self.transport != Transport::Tls {
            return Err(TlsError::Configuration("a TCP connection needs a context for TLS"));
        }
        let stream = SslStream::new(self.connection()?, TimedTcp::new(tcp, patience)?)?;
        TlsStream::handshake(stream, SslStream::accept)
    }
}
