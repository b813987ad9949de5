//! Certificates: one's own, whom to believe, and what a peer's says.

use super::error::TlsError;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslContextBuilder, SslVerifyMode};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{X509, X509Name, X509Ref, X509StoreContextRef, X509VerifyResult};
use std::string::String;
use std::sync::Arc;
use std::vec::Vec;

/// What a peer's certificate says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateIdentity {
    /// SHA-256 of the DER, by which an administrator binds identities to a certificate.
    pub sha256: [u8; 32],
    /// The URIs of subjectAltName: CSE-ID, AE-ID, Node-ID (TS-0003 clause 10.1).
    pub uris: Vec<String>,
    /// The DNS names of subjectAltName.
    pub dns_names: Vec<String>,
}

impl CertificateIdentity {
    pub(super) fn of(certificate: &X509Ref) -> Result<Self, TlsError> {
        let names = certificate.subject_alt_names();
        let texts = |pick: fn(&openssl::x509::GeneralNameRef) -> Option<&str>| {
            names.iter().flatten().filter_map(pick).map(String::from).collect()
        };
        Ok(Self {
            sha256: fingerprint(certificate)?,
            uris: texts(openssl::x509::GeneralNameRef::uri),
            dns_names: texts(openssl::x509::GeneralNameRef::dnsname),
        })
    }
}

fn fingerprint(certificate: &X509Ref) -> Result<[u8; 32], TlsError> {
    let digest = certificate.digest(MessageDigest::sha256())?;
    digest.as_ref().try_into().map_err(|_| TlsError::Configuration("SHA-256 has 32 octets"))
}

/// One's own certificate with its chain and its private key.
#[derive(Clone)]
pub struct OwnCertificate {
    chain: Vec<X509>,
    key: PKey<Private>,
}

impl std::fmt::Debug for OwnCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OwnCertificate(..)")
    }
}

impl OwnCertificate {
    /// Reads PEM: the certificate first, then those that lead to an anchor; and the private key.
    ///
    /// # Errors
    /// [`TlsError::Setup`], [`TlsError::Configuration`] if there is no certificate or the key is another's.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let (chain, key) = (X509::stack_from_pem(chain)?, PKey::private_key_from_pem(key)?);
        let leaf = chain.first().ok_or(TlsError::Configuration("no certificate in the PEM text"))?;
        if !leaf.public_key()?.public_eq(&key) {
            return Err(TlsError::Configuration("private key does not belong to the certificate"));
        }
        Ok(Self { chain, key })
    }

    pub(super) fn install(&self, context: &mut SslContextBuilder) -> Result<(), TlsError> {
        let (leaf, rest) = self.chain.split_first().ok_or(TlsError::Configuration("no certificate"))?;
        context.set_certificate(leaf)?;
        for certificate in rest {
            context.add_extra_chain_cert(certificate.clone())?;
        }
        context.set_private_key(&self.key)?;
        Ok(context.check_private_key()?)
    }
}

/// Which certificates are accepted without a chain, by the SHA-256 of their DER.
pub type Pinned = Arc<dyn Fn(&[u8; 32]) -> bool + Send + Sync>;

/// Whose certificates are accepted.
#[derive(Clone, Default)]
pub struct TrustedCertificates {
    anchors: Vec<X509>,
    pinned: Option<Pinned>,
}

impl std::fmt::Debug for TrustedCertificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrustedCertificates")
            .field("anchors", &self.anchors.len())
            .field("pinned", &self.pinned.is_some())
            .finish()
    }
}

impl TrustedCertificates {
    /// Those that chain to one of the anchors in the PEM text.
    ///
    /// # Errors
    /// [`TlsError::Setup`], [`TlsError::Configuration`] if the text has no certificate.
    pub fn anchors_from_pem(pem: &[u8]) -> Result<Self, TlsError> {
        let anchors = X509::stack_from_pem(pem)?;
        if anchors.is_empty() {
            return Err(TlsError::Configuration("no certificate in the PEM text"));
        }
        Ok(Self { anchors, pinned: None })
    }

    /// Also those that `pinned` knows, though nothing else vouches for them. Their dates are checked all the
    /// same.
    pub fn or_pinned(self, pinned: Pinned) -> Self {
        Self { pinned: Some(pinned), ..self }
    }

    pub(super) fn demand(&self, context: &mut SslContextBuilder) -> Result<(), TlsError> {
        let mut store = X509StoreBuilder::new()?;
        let mut names = Stack::<X509Name>::new()?;
        for anchor in &self.anchors {
            store.add_cert(anchor.clone())?;
            names.push(anchor.subject_name().to_owned()?)?;
        }
        context.set_cert_store(store.build());
        context.set_client_ca_list(names);
        let mode = SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT;
        match self.pinned.clone() {
            None => context.set_verify(mode),
            Some(pinned) => {
                context.set_verify_callback(mode, move |good, chain| good || is_pinned(chain, &pinned));
            }
        }
        Ok(())
    }
}

/// Is the peer's own certificate pinned, and the error not one of its own?
///
/// What stands above a pinned certificate does not matter, neither that it leads to no anchor nor what else is wrong with
/// it: clients of a private authority send its certificates along. Errors of the pinned one itself, as its dates, stay.
fn is_pinned(chain: &mut X509StoreContextRef, pinned: &Pinned) -> bool {
    const SIGNATURE_FAILURE: i32 = 7;
    const DEPTH_ZERO_SELF_SIGNED: i32 = 18;
    const UNABLE_TO_GET_ISSUER_LOCALLY: i32 = 20;
    const UNABLE_TO_VERIFY_LEAF: i32 = 21;
    let unvouched = matches!(
        chain.error().as_raw(),
        SIGNATURE_FAILURE | DEPTH_ZERO_SELF_SIGNED | UNABLE_TO_GET_ISSUER_LOCALLY | UNABLE_TO_VERIFY_LEAF
    );
    if !unvouched && chain.error_depth() == 0 {
        return false;
    }
    let leaf = chain.chain().and_then(|chain| chain.get(0));
    let known = leaf.and_then(|leaf| fingerprint(leaf).ok()).is_some_and(|hash| pinned(&hash));
    if known {
        chain.set_error(X509VerifyResult::OK);
        // What was found wrong stands in this thread's queue of errors too, where the next read that has to wait, of
        // whatever connection, would take it for its own.
        drop(ErrorStack::get());
    }
    known
}
