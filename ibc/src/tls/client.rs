//! The client's side.

use super::certificate::{OwnCertificate, TrustedCertificates};
use super::error::TlsError;
use super::psk::{self, PskOffer};
use super::server::base;
use super::suites::{self, PskSuites, Transport};
use super::tcp::{TimedTcp, TlsStream};
use eccsi_sakke::onem2m::Fqdn;
use openssl::ssl::{Ssl, SslContext, SslStream, SslVerifyMode};
use openssl::x509::verify::X509CheckFlags;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

/// What all connections of a client share. Cheap to clone.
///
/// Either for pre-shared keys or for certificates: a client knows how its server is to prove itself.
#[derive(Clone)]
pub struct ClientContext {
    context: SslContext,
    transport: Transport,
    with_psk: bool,
}

impl std::fmt::Debug for ClientContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientContext")
            .field("transport", &self.transport)
            .field("with_psk", &self.with_psk)
            .finish_non_exhaustive()
    }
}

impl ClientContext {
    /// For pre-shared keys.
    ///
    /// # Errors
    /// [`TlsError::Setup`].
    pub fn psk(transport: Transport, suites: PskSuites) -> Result<Self, TlsError> {
        let mut context = base(transport)?;
        context.set_verify(SslVerifyMode::NONE); // no suite here has a certificate
        if transport == Transport::Dtls {
            context.set_security_level(0); // as at the server: for the mandatory suite, PSK suites alone
        }
        context.set_cipher_list(suites.list(transport))?;
        psk::offer(&mut context)?;
        Ok(Self { context: context.build(), transport, with_psk: true })
    }

    /// For certificates, over TLS. The server's has to carry its name; wildcards do not count.
    ///
    /// # Errors
    /// [`TlsError::Setup`].
    pub fn certificate(own: &OwnCertificate, servers: &TrustedCertificates) -> Result<Self, TlsError> {
        let mut context = base(Transport::Tls)?;
        context.set_cipher_list(suites::CERTIFICATE)?;
        own.install(&mut context)?;
        servers.demand(&mut context)?;
        Ok(Self { context: context.build(), transport: Transport::Tls, with_psk: false })
    }

    /// The transport.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// An object for one connection to the server of this name, for I/O of the caller's own. A context for
    /// pre-shared keys wants an offer, one for certificates none.
    ///
    /// # Errors
    /// [`TlsError::Configuration`], [`TlsError::Setup`].
    pub fn connection(&self, server: &Fqdn, offer: Option<Arc<dyn PskOffer>>) -> Result<Ssl, TlsError> {
        let mut ssl = Ssl::new(&self.context)?;
        ssl.set_connect_state();
        ssl.set_hostname(server.as_str())?;
        match (offer, self.with_psk) {
            (Some(offer), true) => psk::set_offer(&mut ssl, offer)?,
            (None, false) => {
                let names = ssl.param_mut();
                names.set_hostflags(X509CheckFlags::NO_WILDCARDS);
                names.set_host(server.as_str())?;
            }
            (Some(_), false) => return Err(TlsError::Configuration("this context is for certificates")),
            (None, true) => return Err(TlsError::Configuration("this context needs a pre-shared key")),
        }
        Ok(ssl)
    }

    /// Does the handshake on a TCP connection; the whole of it has to end within `patience`.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn connect(
        &self,
        tcp: TcpStream,
        server: &Fqdn,
        offer: Option<Arc<dyn PskOffer>>,
        patience: Duration,
    ) -> Result<TlsStream, TlsError> {
        if self.transport != Transport::Tls {
            return Err(TlsError::Configuration("a TCP connection needs a context for TLS"));
        }
        let stream = SslStream::new(self.connection(server, offer)?, TimedTcp::new(tcp, patience)?)?;
        TlsStream::handshake(stream, SslStream::connect)
    }
}
