//! Who is there: the keys of handshakes, the certificates, and the session that comes of them.

use super::limits;
use crate::Function;
use crate::service::admin::certificate_id;
use crate::service::dispatch::Endpoint;
use crate::service::error::{Kind, ServiceError};
use crate::service::psk::{Explained, credential_id};
use crate::service::session::{Authenticated, Exporter as SessionExporter, Handshake, Session};
use crate::tls::{self, ExportedKey, Exporter, Method, Psk, PskAnswer, PskResolver};
use core::future::Future;
use eccsi_sakke::onem2m::{CredentialType, KeId, KmId};
use openssl::ssl::SslRef;
use std::boxed::Box;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::block_in_place;
use tokio::time::timeout;

/// Finds keys and certificates in the store while a handshake waits.
pub(super) struct Resolver {
    endpoints: Vec<Endpoint>,
}

/// Waits on this thread: a callback of OpenSSL has no other way.
fn wait<T>(work: impl Future<Output = T>) -> T {
    block_in_place(|| Handle::current().block_on(work))
}

impl Resolver {
    pub(super) fn new(endpoints: Vec<Endpoint>) -> Self {
        Self { endpoints }
    }

    /// Whether an administrator has bound this certificate to a client of a function here.
    pub(super) fn is_bound(&self, sha_256: &[u8; 32]) -> bool {
        wait(async {
            for endpoint in &self.endpoints {
                match endpoint.core().certificate(endpoint.function(), sha_256).await {
                    Ok(None) => {}
                    Ok(Some(_)) => return true,
                    Err(error) => tracing::error!(cause = error.cause(), "a certificate cannot be looked up"),
                }
            }
            false
        })
    }
}

/// The endpoint of a name, as a client writes it.
pub(super) fn endpoint<'a>(endpoints: &'a [Endpoint], name: &str) -> Option<&'a Endpoint> {
    endpoints.iter().find(|endpoint| endpoint.fqdn().as_str().eq_ignore_ascii_case(name))
}

impl PskResolver for Resolver {
    fn resolve(&self, server: &str, identity: &str) -> Option<PskAnswer> {
        let endpoint = endpoint(&self.endpoints, server)?;
        let authenticated = authenticated(endpoint, identity)?;
        let key = wait(async {
            match endpoint {
                Endpoint::Mef(mef) => mef.psk(identity).await,
                Endpoint::Maf(maf) => maf.psk(identity).await,
            }
        });
        let key = key.unwrap_or_else(|error| {
            tracing::error!(cause = error.cause(), "a key cannot be looked up");
            None
        })?;
        let key = Psk::new(key.expose().to_vec()).ok()?;
        Some(PskAnswer { key, note: Some(Arc::new(authenticated)) })
    }
}

/// What an identity is at a function: KpmID at a MEF; KmID, or the KeID of a MEF, at a MAF. Cheap, and says nothing of
/// whether it is known.
fn authenticated(endpoint: &Endpoint, identity: &str) -> Option<Authenticated> {
    let is_of_another = |identity| !KmId::parse(identity).is_ok_and(|id| id.fqdn() == endpoint.fqdn());
    if endpoint.function() == Function::Maf && is_of_another(identity) {
        return KeId::parse(identity).ok().map(Authenticated::KeId);
    }
    credential_id(endpoint.function(), identity).ok().map(Authenticated::Credential)
}

/// Why a handshake failed, for the log alone: the peer is told the same in each case. `why` is what the transport says.
pub(super) async fn explain(
    endpoints: &[Endpoint],
    server: &str,
    (identity, is_known): (&str, bool),
    why: String,
) -> String {
    let Some(endpoint) = endpoint(endpoints, server) else {
        return format!("{why}: the name it asked for is none of this server's");
    };
    if identity.is_empty() {
        return why;
    }
    let explained = timeout(limits::EXPLANATION, endpoint.core().explain(endpoint.function(), identity));
    let late = |_| Err(ServiceError::unavailable("the database does not answer"));
    match explained.await.unwrap_or_else(late) {
        Ok(Explained::Unusable(reason)) => format!("{why}: {reason}"),
        Ok(Explained::Usable(client)) => {
            format!("{why}: the key is another one than that of client {client}")
        }
        Ok(Explained::KeId) if is_known => format!("{why}: the key is another one than that of this KeID"),
        Ok(Explained::KeId) => format!("{why}: no MEF of this MAF has this KeID, or gave its key"),
        Err(error) => format!("{why}: the key could not be looked up, {}", error.operators_text()),
    }
}

/// The session after a handshake at `endpoint`, with what it can export.
pub(super) async fn session(
    endpoint: &Endpoint,
    ssl: &SslRef,
    tls: &tls::Session,
) -> Result<Session, ServiceError> {
    let exporter = Exports::of(ssl, tls)?.map(|exports| Box::new(exports) as Box<dyn SessionExporter>);
    let (handshake, authenticated) = match tls.method() {
        Method::Psk { .. } => {
            let note = tls.note::<Authenticated>();
            let authenticated =
                note.ok_or_else(|| ServiceError::internal("a handshake with a key of nobody"))?;
            (Handshake::PreSharedKey, (*authenticated).clone())
        }
        Method::Certificate(certificate) => {
            let bound = endpoint.core().certificate(endpoint.function(), &certificate.sha256).await?;
            // One that an anchor vouches for and nobody has bound: who it is stands in the log, and may do nothing.
            let id = bound
                .map_or_else(|| certificate_id(CredentialType::DeviceCertificate, &certificate.sha256), Ok);
            (Handshake::Certificate, Authenticated::Credential(id.map_err(ServiceError::internal)?))
        }
    };
    Ok(Session::new(handshake, Some(authenticated), exporter))
}

/// What a session exports, taken once after the handshake: afterwards the connection is busy elsewhere.
struct Exports {
    bootstrap: ExportedKey,
    connection: ExportedKey,
}

impl Exports {
    /// `None` without an extended master secret.
    fn of(ssl: &SslRef, tls: &tls::Session) -> Result<Option<Self>, ServiceError> {
        if !tls.has_extended_master_secret() {
            return Ok(None);
        }
        let export = |exporter: Exporter| exporter.export(ssl).map_err(ServiceError::internal);
        Ok(Some(Self { bootstrap: export(Exporter::Bootstrap)?, connection: export(Exporter::Connection)? }))
    }
}

impl SessionExporter for Exports {
    fn export(&self, label: &str, out: &mut [u8; 48]) -> Result<(), ServiceError> {
        let exported = match Exporter::from_label(label) {
            Some(Exporter::Bootstrap) => &self.bootstrap,
            Some(Exporter::Connection) => &self.connection,
            None => return Err(ServiceError::new(Kind::Internal, "no such exporter")),
        };
        out.copy_from_slice(exported.expose_octets());
        Ok(())
    }
}
